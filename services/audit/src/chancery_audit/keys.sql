-- Data keys that are wrapped anew. $2 to $4: see the function `wrapped_by_old`.

-- name: old_data_keys
-- A page of them.
SELECT scope, wrapped FROM data_keys WHERE tenant = $1 AND wrapped_by_old(wrapped, $2, $3, $4) AND scope > $5 ORDER BY scope LIMIT $6

-- name: count_old_data_keys
-- All of them.
SELECT count(*) FROM data_keys WHERE tenant = $1 AND wrapped_by_old(wrapped, $2, $3, $4)

-- name: replace_data_keys
-- Each, if it is still the one that was read: what was erased meanwhile stays erased.
UPDATE data_keys SET wrapped = change.after FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS change (scope, before, after)
WHERE data_keys.tenant = $1 AND data_keys.scope = change.scope AND data_keys.wrapped = change.before RETURNING 1

-- name: settle_data_keys
-- Waits until no transaction that has written any is under way.
LOCK TABLE data_keys IN SHARE MODE

-- name: drop_dead_payloads
-- Sealed under a key that nobody can unwrap any more; under the scope's next key they would look changed.
DELETE FROM payloads WHERE tenant = $1 AND scope = $2
