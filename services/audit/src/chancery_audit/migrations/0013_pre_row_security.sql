-- The second wall: what a reader's transaction may see, whatever its queries forget. Policies bind everybody but the tables' owner. The
-- service reads as the role chancery_audit_reader, and says in each transaction (`look_as`) whose trail it reads, and behind which walls:
--   chancery.tenant    the tenant
--   chancery.matters   '*', or the matters that the reader is kept to, separated by commas
--   chancery.excepted  the matters that are hidden from the reader, separated by commas
-- What is not said shows nothing. Tables without a policy are not granted to the role at all.

-- Every matter that a scope's events name, beside it: a policy on `places` could not look into `places`.
ALTER TABLE scopes ADD COLUMN matters text[] NOT NULL DEFAULT '{}';
UPDATE scopes s SET matters = named.matters
FROM (SELECT tenant, scope, array_agg(name ORDER BY name) AS matters FROM places WHERE kind = 'matter' GROUP BY tenant, scope) named
WHERE s.tenant = named.tenant AND s.scope = named.scope;
CREATE FUNCTION note_matters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE scopes s SET matters = ARRAY(SELECT DISTINCT unnest(s.matters || named.matters) ORDER BY 1)
    FROM (SELECT tenant, scope, array_agg(name) AS matters FROM added WHERE kind = 'matter' GROUP BY tenant, scope) named
    WHERE s.tenant = named.tenant AND s.scope = named.scope;
    RETURN NULL;
END $$;
CREATE TRIGGER places_matters AFTER INSERT ON places REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_matters();

-- What events that no erasure takes (holds, erasures, reads, grants) tell of, where they belong to no interaction. '*': more than one matter
-- may be in it. Those from before have no row: nobody behind walls sees them.
CREATE TABLE concerns (
    tenant  text   NOT NULL,
    scope   text   NOT NULL,
    matters text[] NOT NULL,
    PRIMARY KEY (tenant, scope)
);

CREATE FUNCTION unwalled() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('chancery.matters', true) = '*' AND current_setting('chancery.excepted', true) = ''
$$;
-- Read once a query, and not once a row. None: to all matters.
CREATE FUNCTION kept_to() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('chancery.matters', true) = '*' THEN NULL
        ELSE string_to_array(coalesce(current_setting('chancery.matters', true), ''), ',') END
$$;
CREATE FUNCTION kept_from() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT string_to_array('*,' || current_setting('chancery.excepted', true), ',')
$$;
-- The condition that a row with these matters is seen from behind walls. Who is kept to matters sees nothing that names none.
CREATE FUNCTION sees(matters text) RETURNS text LANGUAGE sql AS $$
    SELECT format('NOT %1$s && (SELECT kept_from()) AND ((SELECT kept_to()) IS NULL OR (%1$s <> ''{}'' AND %1$s <@ (SELECT kept_to())))', matters)
$$;
-- `walled` says what else must hold of a row where the reader is behind walls. It looks rows up by `(SELECT true … LIMIT 1)` and not by EXISTS,
-- which the planner may turn into a hash of a whole table, for a page of a hundred rows.
CREATE FUNCTION guard(guarded regclass, walled text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY readers ON %s FOR SELECT USING (tenant = current_setting(''chancery.tenant'', true)
        AND ((SELECT unwalled()) OR (%s)))', guarded, walled);
END $$;
-- A table with a tenant and a scope.
CREATE FUNCTION guard_by_scope(guarded regclass) RETURNS void LANGUAGE sql AS $$
    SELECT guard(guarded, format('(SELECT true FROM scopes s WHERE s.tenant = %1$s.tenant AND s.scope = %1$s.scope LIMIT 1)', guarded))
$$;

SELECT guard(name, 'true') FROM unnest(ARRAY['heads', 'logs', 'checkpoints', 'tiles', 'cosignatures']::regclass[]) AS name;
SELECT guard(name, sees('matters')) FROM unnest(ARRAY['scopes', 'concerns']::regclass[]) AS name;
SELECT guard_by_scope('places');
SELECT guard_by_scope('alarms');
SELECT guard('entries', $$CASE WHEN interaction IS NOT NULL
    THEN (SELECT true FROM scopes s WHERE s.tenant = entries.tenant AND s.scope = 'interaction/' || entries.interaction LIMIT 1)
    ELSE type = 'chancery.registry.entry-published.v1'
        OR (SELECT true FROM scopes s WHERE s.tenant = entries.tenant AND s.scope = 'event/' || entries.event_id LIMIT 1)
        OR (SELECT true FROM concerns c WHERE c.tenant = entries.tenant AND c.scope = 'event/' || entries.event_id LIMIT 1) END$$);
SELECT guard('payloads', '(SELECT true FROM entries e WHERE e.tenant = payloads.tenant AND e.seq = payloads.seq LIMIT 1)');
SELECT guard('data_keys', $$CASE WHEN scope LIKE 'event/%'
    THEN (SELECT true FROM payloads p WHERE p.tenant = data_keys.tenant AND p.scope = data_keys.scope AND p.scope LIKE 'event/%' LIMIT 1)
    ELSE (SELECT true FROM scopes s WHERE s.tenant = data_keys.tenant AND s.scope = data_keys.scope LIMIT 1) END$$);
SELECT guard('holds', 'matter IS NULL OR ' || sees('ARRAY[matter]'));
SELECT guard('erasure_requests', format($$CASE kind WHEN 'matter' THEN %s WHEN 'interaction'
    THEN (SELECT true FROM scopes s WHERE s.tenant = erasure_requests.tenant AND s.scope = 'interaction/' || erasure_requests.name LIMIT 1)
    ELSE false END$$, sees('ARRAY[name]')));
-- Offsets of the tenant's own topics, and of those that all share.
ALTER TABLE offset_ranges ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON offset_ranges FOR SELECT USING (topic !~ '\.interactions\.(requested|completed)\.[^.]+$'
    OR topic LIKE '%.' || current_setting('chancery.tenant', true));
