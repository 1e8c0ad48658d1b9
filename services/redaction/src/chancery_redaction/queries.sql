-- name: begin_interaction
-- Takes an interaction's id for one event; the first has it.
INSERT INTO interactions (tenant, interaction, event_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant, interaction) DO UPDATE SET event_id = interactions.event_id RETURNING event_id

-- name: complete_interaction
-- One end for an interaction, whichever path is first.
INSERT INTO completions (tenant, interaction, namespace, cause_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant, interaction, namespace) DO UPDATE SET cause_id = completions.cause_id RETURNING cause_id

-- name: tokens_by_hash
-- Pseudonyms that exist already, and whose values they are.
SELECT value_hash, token, subject FROM vault WHERE tenant = $1 AND scope = $2 AND value_hash = ANY($3::bytea[])

-- name: tokens_by_hash_or_name
-- As above, and who has the names that were wanted, in whatever matter.
SELECT value_hash, token, subject FROM vault WHERE tenant = $1 AND scope = $2 AND value_hash = ANY($3::bytea[])
UNION ALL SELECT NULL, token, NULL FROM vault WHERE tenant = $1 AND first_of_name AND token = ANY($4::text[])

-- name: add_values
-- New subjects, then new values of those and of the ones that this transaction holds. What is taken is left out of the answer.
-- The subjects are made before the first value (an InitPlan), and both in the order given: two that add the same never wait in a ring.
WITH made AS (
    INSERT INTO subjects (tenant, scope, subject, wrapped_key)
    SELECT $1, $2, one.* FROM unnest($3::text[], $4::bytea[]) AS one
    ON CONFLICT DO NOTHING RETURNING subject)
INSERT INTO vault (tenant, scope, token, entity_type, value_hash, sealed_value, subject)
SELECT $1, $2, one.* FROM unnest($6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::text[]) AS one (token, kind, hash, sealed, subject)
WHERE one.subject = ANY($5::text[] || (SELECT array_agg(made.subject) FROM made))
ON CONFLICT DO NOTHING RETURNING value_hash, token

-- name: hold_subjects
-- Keys of subjects; nobody erases one of them before this transaction ends.
SELECT subject, wrapped_key FROM subjects WHERE tenant = $1 AND scope = $2 AND subject = ANY($3::text[]) ORDER BY subject FOR SHARE

-- name: sealed_by_hash
-- Values that may have to move to another subject.
SELECT value_hash, token, subject, wrapped_key, sealed_value FROM vault
WHERE tenant = $1 AND scope = $2 AND value_hash = ANY($3::bytea[]) ORDER BY value_hash

-- name: move_value
-- A value under another subject's key, if it is still the one that was read.
UPDATE vault SET subject = $5, sealed_value = $6, wrapped_key = NULL
WHERE tenant = $1 AND scope = $2 AND token = $3 AND sealed_value = $4 RETURNING token

-- name: erase_subjects
-- Destroys keys. One that does not exist (a value of before, which has a key of its own) is on record as erased.
INSERT INTO subjects (tenant, scope, subject, erased_at) SELECT $1, $2, one, now() FROM unnest($3::text[]) AS one ORDER BY one
ON CONFLICT (tenant, scope, subject) DO UPDATE SET wrapped_key = NULL, erased_at = coalesce(subjects.erased_at, now())

-- name: erase_values
-- The name stays taken for ever; nothing leads from a value to it any more.
UPDATE vault SET sealed_value = '', value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
WHERE tenant = $1 AND scope = $2 AND subject = ANY($3::text[]) AND sealed_value <> '' RETURNING token

-- name: erase_own_keys
-- As above, of rows of before: their subject is named by the first half of the value's hash.
UPDATE vault SET sealed_value = '', value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), wrapped_key = NULL,
    subject = encode(substring(value_hash FOR 16), 'hex')
WHERE tenant = $1 AND scope = $2 AND subject IS NULL AND wrapped_key IS NOT NULL
    AND encode(substring(value_hash FOR 16), 'hex') = ANY($3::text[]) RETURNING token

-- name: values_by_token
-- What stands behind pseudonyms.
SELECT v.token, v.subject, v.wrapped_key, v.sealed_value, s.wrapped_key AS subject_key
FROM vault v LEFT JOIN subjects s ON s.tenant = v.tenant AND s.scope = v.scope AND s.subject = v.subject
WHERE v.tenant = $1 AND v.scope = $2 AND v.token = ANY($3::text[])

-- name: statistics
-- Counts for operators, no values.
SELECT entity_type, count(*) AS values, count(DISTINCT scope) AS scopes FROM vault WHERE tenant = $1 GROUP BY entity_type ORDER BY 1

-- name: vault_scopes
-- The next scopes of a tenant, and which types of values each holds.
SELECT DISTINCT scope, entity_type FROM vault WHERE tenant = $1 AND ($3::text IS NULL OR entity_type = $3) AND scope IN (
    SELECT DISTINCT scope FROM vault WHERE tenant = $1 AND scope > $2 AND ($4::text IS NULL OR scope = $4) ORDER BY scope LIMIT $5)

-- name: tokens_of_hashes
-- Pseudonyms of a value, by its hash in each scope, with those of its other spellings and of its mentions; none of an erased one.
WITH found AS (
    SELECT v.scope, v.entity_type, v.token, v.subject FROM unnest($2::text[], $3::bytea[]) AS wanted (scope, value_hash)
    JOIN vault v ON v.tenant = $1 AND v.scope = wanted.scope AND v.value_hash = wanted.value_hash WHERE v.sealed_value <> '')
SELECT scope, entity_type, token FROM found
UNION SELECT v.scope, v.entity_type, v.token FROM found
JOIN vault v ON v.tenant = $1 AND v.scope = found.scope AND v.subject = found.subject AND v.entity_type = found.entity_type
WHERE v.sealed_value <> '' ORDER BY scope, token

-- name: last_scope
-- Where a page of scopes ends; NULL where none are left after it.
SELECT max(scope) FROM (SELECT DISTINCT scope FROM vault WHERE tenant = $1 AND scope > $2 AND ($3::text IS NULL OR scope = $3)
    ORDER BY scope LIMIT $4) AS page HAVING count(*) = $4

-- name: subjects_of_hashes
-- Subjects of values, by their hashes in each scope, and all their pseudonyms. A row of before is a subject of its own.
WITH found AS (
    SELECT DISTINCT v.scope, coalesce(v.subject, encode(substring(v.value_hash FOR 16), 'hex')) AS subject,
        CASE WHEN v.subject IS NULL THEN v.token END AS alone
    FROM unnest($2::text[], $3::bytea[]) AS wanted (scope, value_hash)
    JOIN vault v ON v.tenant = $1 AND v.scope = wanted.scope AND v.value_hash = wanted.value_hash AND v.sealed_value <> '')
SELECT scope, subject, array_agg(token ORDER BY token) AS tokens FROM (
    SELECT f.scope, f.subject, v.token FROM found f
    JOIN vault v ON v.tenant = $1 AND v.scope = f.scope AND v.subject = f.subject AND v.sealed_value <> ''
    UNION SELECT scope, subject, alone FROM found WHERE alone IS NOT NULL) AS named
GROUP BY scope, subject ORDER BY scope, subject
