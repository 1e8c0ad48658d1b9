-- name: note_scopes
-- New scopes, or what is new of known ones. An event of an erased scope is to be erased as well.
INSERT INTO scopes AS s (tenant, scope, interaction, use_case, begun_at, ended_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT (tenant, scope) DO UPDATE SET
    use_case = CASE WHEN s.use_case = '' THEN excluded.use_case ELSE s.use_case END,
    ended_at = CASE WHEN s.ended_at IS NULL THEN excluded.ended_at ELSE greatest(s.ended_at, excluded.ended_at) END,
    again = s.erased_at IS NOT NULL
WHERE s.erased_at IS NOT NULL OR (s.use_case = '' AND excluded.use_case <> '')
    OR (excluded.ended_at IS NOT NULL AND excluded.ended_at IS DISTINCT FROM s.ended_at)

-- name: note_places
-- Once each.
INSERT INTO places (tenant, kind, name, scope) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING

-- name: place_hold
-- Its event's id is its name: a redelivery changes nothing.
INSERT INTO holds (tenant, hold, matter, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING

-- name: release_hold
-- The first release counts.
UPDATE holds SET released_at = $3, released_by = $4, release_reason = $5, release_event = $6
WHERE tenant = $1 AND hold = $2 AND released_at IS NULL

-- name: add_request
-- Once.
INSERT INTO erasure_requests (tenant, request, kind, name, reason, legal_ground, requested_by, requested_at, covers_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING

-- name: learn_erased
-- What an event says is erased. Known already: nothing changes. Else whatever is there goes again. Of which matters it was, nobody knows.
INSERT INTO scopes AS s (tenant, scope, interaction, begun_at, erased_at, erased_by, erased_why, erased_for, matters)
SELECT $1, scope, CASE WHEN scope LIKE 'interaction/%' THEN substr(scope, 13) END, $3, $3, $4, $5, $6, '{*}' FROM unnest($2::text[]) AS scope
ORDER BY scope
ON CONFLICT (tenant, scope) DO UPDATE SET erased_at = excluded.erased_at, erased_by = excluded.erased_by,
    erased_why = excluded.erased_why, erased_for = excluded.erased_for, again = true
WHERE s.erased_at IS NULL

-- name: end_request
-- Ends once.
UPDATE erasure_requests SET state = $3, refusal = $4 WHERE tenant = $1 AND request = $2 AND state = 'pending'

-- name: pending_requests
-- Oldest first.
SELECT tenant, request, kind, name, covers_until FROM erasure_requests WHERE state = 'pending' ORDER BY requested_at LIMIT 100

-- name: requested_scopes
-- A request's next batch: what is neither erased nor held.
SELECT s.scope FROM scopes s WHERE s.tenant = $1 AND s.erased_at IS NULL AND s.begun_at <= $4 AND NOT is_held(s.tenant, s.scope) AND s.scope IN (
    SELECT 'interaction/' || $3 WHERE $2 = 'interaction'
    UNION ALL SELECT p.scope FROM places p WHERE p.tenant = $1 AND p.kind = $2 AND p.name = $3)
ORDER BY s.scope LIMIT $5

-- name: left_of_request
-- What holds keep of a request, and what was erased for it.
SELECT (SELECT count(*) FROM scopes s WHERE s.tenant = $1 AND s.erased_for = $5) AS erased,
    (SELECT count(*) FROM scopes s WHERE s.tenant = $1 AND s.erased_at IS NULL AND s.begun_at <= $4 AND s.scope IN (
        SELECT 'interaction/' || $3 WHERE $2 = 'interaction'
        UNION ALL SELECT p.scope FROM places p WHERE p.tenant = $1 AND p.kind = $2 AND p.name = $3)) AS held,
    ARRAY(SELECT h.hold FROM holds h WHERE h.tenant = $1 AND h.released_at IS NULL AND (h.matter IS NULL OR EXISTS (
        SELECT 1 FROM places m JOIN scopes s USING (tenant, scope) WHERE m.tenant = $1 AND m.kind = 'matter' AND m.name = h.matter
        AND s.erased_at IS NULL AND s.scope IN (SELECT 'interaction/' || $3 WHERE $2 = 'interaction'
            UNION ALL SELECT p.scope FROM places p WHERE p.tenant = $1 AND p.kind = $2 AND p.name = $3)))
        ORDER BY h.placed_at LIMIT 100) AS holds

-- name: retained_use_cases
-- Each pair that has something to retain: the index is skipped through, however long it is.
WITH RECURSIVE pairs AS (
    (SELECT tenant, use_case FROM scopes WHERE erased_at IS NULL AND interaction IS NOT NULL ORDER BY tenant, use_case LIMIT 1)
    UNION ALL
    SELECT n.tenant, n.use_case FROM pairs p CROSS JOIN LATERAL (SELECT tenant, use_case FROM scopes
        WHERE erased_at IS NULL AND interaction IS NOT NULL AND (tenant, use_case) > (p.tenant, p.use_case)
        ORDER BY tenant, use_case LIMIT 1) n
) SELECT tenant, use_case FROM pairs

-- name: outlived_scopes
-- The next batch of a use case whose retention is over: oldest first, nothing that is held.
SELECT scope FROM scopes s WHERE tenant = $1 AND use_case = $2 AND erased_at IS NULL AND interaction IS NOT NULL AND counts_from < $3
AND NOT is_held(s.tenant, s.scope) ORDER BY counts_from LIMIT $4

-- name: tenants_again
-- Where something erased is there again.
SELECT DISTINCT tenant FROM scopes WHERE again ORDER BY tenant

-- name: scopes_again
-- The next batch of those, nothing that is held.
SELECT scope FROM scopes s WHERE tenant = $1 AND again AND NOT is_held(s.tenant, s.scope) ORDER BY scope LIMIT $2

-- name: delete_interaction_payloads
-- By the interaction's index; events that keep a key of their own stay.
DELETE FROM payloads p USING entries e WHERE e.tenant = $1 AND e.interaction = ANY($2::text[])
AND p.tenant = e.tenant AND p.seq = e.seq AND p.scope = 'interaction/' || e.interaction

-- name: delete_event_payloads
-- Of events without interaction.
DELETE FROM payloads WHERE tenant = $1 AND scope = ANY($2::text[]) AND scope LIKE 'event/%'

-- name: delete_keys
-- With them goes every copy of the payloads that lies elsewhere.
DELETE FROM data_keys WHERE tenant = $1 AND scope = ANY($2::text[]) RETURNING wrapped

-- name: empty_alarms
-- A second content is a payload too.
UPDATE alarms SET sealed = '' WHERE tenant = $1 AND scope = ANY($2::text[]) AND sealed <> ''

-- name: mark_erased
-- The first erasure is the one that is told.
UPDATE scopes SET again = false, erased_at = coalesce(erased_at, $3), erased_by = coalesce(erased_by, $4),
    erased_why = coalesce(erased_why, $5), erased_for = coalesce(erased_for, $6)
WHERE tenant = $1 AND scope = ANY($2::text[])

-- name: erased_stretch
-- Erased scopes in order, and whether a key, a payload or a person of theirs is there all the same.
SELECT s.tenant, s.scope, EXISTS (SELECT 1 FROM data_keys k WHERE k.tenant = s.tenant AND k.scope = s.scope)
    OR EXISTS (SELECT 1 FROM entries e JOIN payloads p USING (tenant, seq)
        WHERE e.tenant = s.tenant AND e.interaction = s.interaction AND p.scope = s.scope)
    OR EXISTS (SELECT 1 FROM attributes a WHERE a.tenant = s.tenant AND a.scope = s.scope AND a.kind = 'person') AS there
FROM scopes s WHERE s.erased_at IS NOT NULL AND (s.tenant, s.scope) > ($1, $2) ORDER BY s.tenant, s.scope LIMIT $3

-- name: mark_again
-- To be erased once more.
UPDATE scopes SET again = true WHERE tenant = $1 AND scope = ANY($2::text[]) AND erased_at IS NOT NULL

-- name: add_to_outbox
-- With what it tells of.
INSERT INTO outbox (body) VALUES ($1)

-- name: outbox
-- In order.
SELECT id, body FROM outbox ORDER BY id LIMIT 100

-- name: published
-- Acknowledged by Kafka.
DELETE FROM outbox WHERE id = $1

-- name: privacy_entries
-- What the trail itself says of holds and erasures, with payloads.
SELECT e.tenant, e.seq, e.event_id, e.type, e.leaf, e.topic, e.partition, e."offset", p.sealed, p.scope, k.wrapped FROM heads h
JOIN entries e ON e.tenant = h.tenant AND e.type = ANY($1::text[])
JOIN payloads p ON p.tenant = e.tenant AND p.seq = e.seq JOIN data_keys k ON k.tenant = p.tenant AND k.scope = p.scope
WHERE (e.tenant, e.seq) > ($2, $3) ORDER BY e.tenant, e.seq LIMIT $4

-- name: list_holds
-- In force first.
SELECT h.*, (SELECT count(*) FROM scopes s WHERE s.tenant = h.tenant AND s.interaction IS NOT NULL AND s.erased_at IS NULL AND
    (h.matter IS NULL OR EXISTS (SELECT 1 FROM places p WHERE p.tenant = h.tenant AND p.scope = s.scope AND p.kind = 'matter'
        AND p.name = h.matter))) AS interactions
FROM holds h WHERE h.tenant = $1 AND ($2::text IS NULL OR h.hold = $2) ORDER BY h.released_at IS NOT NULL, h.placed_at DESC LIMIT $3

-- name: list_requests
-- Newest first.
SELECT r.*, (SELECT count(*) FROM scopes s WHERE s.tenant = r.tenant AND s.erased_for = r.request) AS interactions_erased
FROM erasure_requests r WHERE r.tenant = $1 AND ($2::text IS NULL OR r.request = $2) ORDER BY r.requested_at DESC LIMIT $3

-- name: has_trail
-- A tenant that is known here.
SELECT EXISTS (SELECT 1 FROM heads WHERE tenant = $1)

-- name: erasure_of
-- When, why and by which event a scope was erased.
SELECT erased_at, erased_by, erased_why, erased_for FROM scopes WHERE tenant = $1 AND scope = $2 AND erased_at IS NOT NULL
