-- name: begin_interaction
-- Takes an interaction's id for one event; the first has it.
INSERT INTO interactions (tenant, interaction, event_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant, interaction) DO UPDATE SET event_id = interactions.event_id RETURNING event_id

-- name: complete_interaction
-- One end for an interaction, whichever path is first.
INSERT INTO completions (tenant, interaction, namespace, cause_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant, interaction, namespace) DO UPDATE SET cause_id = completions.cause_id RETURNING cause_id

-- name: tokens_by_hash
-- Pseudonyms that exist already.
SELECT value_hash, token FROM vault WHERE tenant = $1 AND scope = $2 AND value_hash = ANY($3::bytea[])

-- name: add_value
-- A new value; nothing happens where the value or the token is taken.
INSERT INTO vault (tenant, scope, token, entity_type, value_hash, wrapped_key, sealed_value) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING token

-- name: add_values
-- New values, all at once; one whose value or token is taken is left out of the answer.
INSERT INTO vault (tenant, scope, token, entity_type, value_hash, wrapped_key, sealed_value)
SELECT $1, $2, one.* FROM unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[]) AS one
ON CONFLICT DO NOTHING RETURNING value_hash, token

-- name: values_by_token
-- What stands behind pseudonyms.
SELECT token, wrapped_key, sealed_value FROM vault WHERE tenant = $1 AND scope = $2 AND token = ANY($3::text[])

-- name: statistics
-- Counts for operators, no values.
SELECT entity_type, count(*) AS values, count(DISTINCT scope) AS scopes FROM vault WHERE tenant = $1 GROUP BY entity_type ORDER BY 1

-- name: vault_scopes
-- The next scopes of a tenant, and which types of values each holds.
SELECT DISTINCT scope, entity_type FROM vault WHERE tenant = $1 AND ($3::text IS NULL OR entity_type = $3) AND scope IN (
    SELECT DISTINCT scope FROM vault WHERE tenant = $1 AND scope > $2 AND ($4::text IS NULL OR scope = $4) ORDER BY scope LIMIT $5)

-- name: tokens_of_hashes
-- Pseudonyms of a value, by its hash in each scope; none of an erased one.
SELECT v.scope, v.entity_type, v.token FROM unnest($2::text[], $3::bytea[]) AS wanted (scope, value_hash)
JOIN vault v ON v.tenant = $1 AND v.scope = wanted.scope AND v.value_hash = wanted.value_hash
WHERE v.wrapped_key IS NOT NULL ORDER BY v.scope, v.token

-- name: last_scope
-- Where a page of scopes ends; NULL where none are left after it.
SELECT max(scope) FROM (SELECT DISTINCT scope FROM vault WHERE tenant = $1 AND scope > $2 AND ($3::text IS NULL OR scope = $3)
    ORDER BY scope LIMIT $4) AS page HAVING count(*) = $4
