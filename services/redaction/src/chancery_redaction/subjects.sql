-- name: note_erased
-- The first erasure is the one that is told.
INSERT INTO erased_tokens (tenant, scope, name, erased_at, erased_by)
SELECT $1, one.*, $4, $5 FROM unnest($2::text[], $3::text[]) AS one ON CONFLICT DO NOTHING

-- name: erase_keys_again
-- Keys that a restored backup brought back.
UPDATE subjects s SET wrapped_key = NULL, erased_at = coalesce(s.erased_at, e.erased_at) FROM erased_tokens e
WHERE e.tenant = s.tenant AND e.scope = s.scope AND e.name = s.subject AND s.wrapped_key IS NOT NULL RETURNING s.subject

-- name: erase_tokens_again
-- Values that came back with them, by their pseudonyms, under whatever key they lay in the backup.
UPDATE vault v SET sealed_value = '', wrapped_key = NULL, value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
FROM erased_tokens e WHERE v.tenant = e.tenant AND v.scope = e.scope AND v.token = e.name AND v.sealed_value <> '' RETURNING v.token

-- name: erase_subjects_again
-- And by their subjects.
UPDATE vault v SET sealed_value = '', wrapped_key = NULL, value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
FROM erased_tokens e WHERE v.tenant = e.tenant AND v.scope = e.scope AND v.subject = e.name AND v.sealed_value <> '' RETURNING v.token

-- name: erase_lone_again
-- And rows of before, each a subject of its own that goes by its hash.
UPDATE vault v SET sealed_value = '', wrapped_key = NULL, value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
FROM erased_tokens e WHERE v.tenant = e.tenant AND v.scope = e.scope AND v.subject IS NULL AND v.wrapped_key IS NOT NULL
AND encode(substring(v.value_hash FOR 16), 'hex') = e.name AND v.sealed_value <> '' RETURNING v.token
