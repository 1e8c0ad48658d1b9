-- Wrapped keys that are wrapped anew. $2 to $4: see the function `wrapped_by_old`.

-- name: old_subject_keys
-- A page of them.
SELECT scope, subject, wrapped_key FROM subjects
WHERE tenant = $1 AND wrapped_key IS NOT NULL AND wrapped_by_old(wrapped_key, $2, $3, $4) AND (scope, subject) > ($5, $6)
ORDER BY scope, subject LIMIT $7

-- name: count_old_subject_keys
-- All of them.
SELECT count(*) FROM subjects WHERE tenant = $1 AND wrapped_key IS NOT NULL AND wrapped_by_old(wrapped_key, $2, $3, $4)

-- name: lock_subjects
-- In the order in which everybody locks them.
SELECT 1 FROM subjects WHERE tenant = $1 AND (scope, subject) IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY scope, subject FOR NO KEY UPDATE

-- name: replace_subject_keys
-- Each, if it is still the one that was read.
UPDATE subjects SET wrapped_key = change.after FROM unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[])
    AS change (scope, subject, before, after)
WHERE subjects.tenant = $1 AND subjects.scope = change.scope AND subjects.subject = change.subject
    AND subjects.wrapped_key = change.before RETURNING 1

-- name: settle_subject_keys
-- Waits until no transaction that has written any is under way.
LOCK TABLE subjects IN SHARE MODE

-- name: old_value_keys
-- As above, of values of before, which have keys of their own.
SELECT scope, token, wrapped_key FROM vault
WHERE tenant = $1 AND subject IS NULL AND wrapped_key IS NOT NULL AND wrapped_by_old(wrapped_key, $2, $3, $4) AND (scope, token) > ($5, $6)
ORDER BY scope, token LIMIT $7

-- name: count_old_value_keys
-- All of them.
SELECT count(*) FROM vault WHERE tenant = $1 AND subject IS NULL AND wrapped_key IS NOT NULL AND wrapped_by_old(wrapped_key, $2, $3, $4)

-- name: lock_values
-- In an order.
SELECT 1 FROM vault WHERE tenant = $1 AND (scope, token) IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY scope, token FOR NO KEY UPDATE

-- name: replace_value_keys
-- Each, if it is still the one that was read.
UPDATE vault SET wrapped_key = change.after FROM unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[])
    AS change (scope, token, before, after)
WHERE vault.tenant = $1 AND vault.scope = change.scope AND vault.token = change.token AND vault.wrapped_key = change.before RETURNING 1

-- name: settle_value_keys
-- Waits until no transaction that has written any is under way.
LOCK TABLE vault IN SHARE MODE
