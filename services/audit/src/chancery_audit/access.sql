-- name: look_as
-- Until the transaction ends: whose trail is read, behind which walls, by which role. The role last: it is the least that is needed.
SELECT set_config('chancery.tenant', $1, true), set_config('chancery.matters', $2, true), set_config('chancery.excepted', $3, true),
    set_config('role', $4, true)

-- name: reader_role
-- Whether there is the role, and whether this user may take it.
SELECT pg_has_role(current_user, oid, 'SET') AS usable FROM pg_roles WHERE rolname = 'chancery_audit_reader'

-- name: make_reader_role
-- Where this user may make roles. Another database of this server may be first.
DO $$ BEGIN
    CREATE ROLE chancery_audit_reader NOLOGIN NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL; END $$;
DO $$ BEGIN
    GRANT chancery_audit_reader TO CURRENT_USER;
EXCEPTION WHEN undefined_object OR unique_violation OR insufficient_privilege THEN NULL; END $$

-- name: grant_to_reader
-- What has a policy may be read through it, and nothing else.
DO $$ DECLARE guarded regclass; BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('chancery reader ' || current_schema()));
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO chancery_audit_reader', current_schema());
    FOR guarded IN SELECT oid::regclass FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relrowsecurity
        AND NOT has_table_privilege('chancery_audit_reader', oid, 'SELECT') LOOP
        EXECUTE format('GRANT SELECT ON %s TO chancery_audit_reader', guarded);
    END LOOP;
END $$

-- name: matters_of
-- Of scopes, as far as they are known.
SELECT scope, matters FROM scopes WHERE tenant = $1 AND scope = ANY($2::text[])
UNION ALL SELECT scope, matters FROM concerns WHERE tenant = $1 AND scope = ANY($2::text[])

-- name: named_by
-- What decides on walls.
SELECT type, interaction, event_id FROM entries WHERE tenant = $1 AND seq = $2

-- name: matters_beside
-- Which matters stand beside this one.
SELECT DISTINCT s.matters FROM places p JOIN scopes s ON s.tenant = p.tenant AND s.scope = p.scope
WHERE p.tenant = $1 AND p.kind = 'matter' AND p.name = $2 AND s.erased_at IS NULL

-- name: note_concerns
-- What kept events tell of, once.
INSERT INTO concerns (tenant, scope, matters)
SELECT tenant, scope, string_to_array(matters, ',') FROM unnest($1::text[], $2::text[], $3::text[]) AS c (tenant, scope, matters)
ON CONFLICT DO NOTHING

-- name: add_key
-- Never its secret.
INSERT INTO access_keys (key, name, role, tenants, matters, excepted, secret_sha256, granted_by, granted_at, expires_at, registry_roles)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: key
-- One.
SELECT * FROM access_keys WHERE key = $1

-- name: keys_of
-- Newest first; those for every tenant are everybody's.
SELECT * FROM access_keys WHERE $1::text IS NULL OR tenants IS NULL OR $1 = ANY(tenants) ORDER BY granted_at DESC, key LIMIT 1000

-- name: revoke_key
-- Once.
UPDATE access_keys SET revoked_by = $2, revoked_at = $3 WHERE key = $1 AND revoked_at IS NULL RETURNING *
