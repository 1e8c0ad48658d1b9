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
