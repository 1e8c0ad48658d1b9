-- name: place_subject_order
-- With the events that tell of it.
INSERT INTO subject_orders (tenant, order_id, purpose, identifiers, reason, legal_ground, requested_by, placed_at, phase_at, told_at, wrapped_key,
    sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $9, $10)

-- name: open_subject_orders
-- Those that can move on, or were told before $1: one that waits for a service that is away keeps no other from its turn.
SELECT o.tenant, o.order_id FROM subject_orders o WHERE o.wrapped_key IS NOT NULL AND o.phase <> 'ended' AND (o.told_at <= $1 OR (
    SELECT count(DISTINCT a.owner) FROM subject_answers a WHERE a.tenant = o.tenant AND a.order_id = o.order_id AND a.phase = o.phase AND a.last
) >= CASE o.phase WHEN 'act' THEN $2::bigint ELSE 1 END) ORDER BY o.told_at, o.order_id LIMIT 100

-- name: lock_subject_order
-- One process moves it on.
SELECT * FROM subject_orders WHERE tenant = $1 AND order_id = $2 AND phase <> 'ended' FOR UPDATE

-- name: next_subject_phase
-- With what is known of the person by then.
UPDATE subject_orders SET phase = $3, phase_at = $4, told_at = $4, sealed = $5, pseudonyms = $6 WHERE tenant = $1 AND order_id = $2

-- name: note_holds
-- Those that it was told with, and those in force since.
UPDATE subject_orders SET tenant_held = $3, held_matters = $4, holds = $5 WHERE tenant = $1 AND order_id = $2

-- name: told_again
-- What Kafka has forgotten is told again.
UPDATE subject_orders SET told_at = $3 WHERE tenant = $1 AND order_id = $2

-- name: end_subject_order
-- Without its key ($7 false) nobody learns any more whom it was about.
UPDATE subject_orders SET phase = 'ended', ended_at = $3, state = $4, report = $5, note = $6,
    wrapped_key = CASE WHEN $7 THEN wrapped_key END, sealed = CASE WHEN $7 THEN sealed ELSE '' END WHERE tenant = $1 AND order_id = $2

-- name: lose_subject_order
-- One that a restored backup brought back, under a key that was destroyed since: its report is in the trail and on the topic.
UPDATE subject_orders SET phase = 'ended', ended_at = $3, state = 'partly', wrapped_key = NULL, sealed = '', key_destroyed = true
WHERE tenant = $1 AND order_id = $2

-- name: forget_exports
-- Exports that nobody fetched in time: their keys go.
UPDATE subject_orders SET wrapped_key = NULL, sealed = '' WHERE phase = 'ended' AND wrapped_key IS NOT NULL AND ended_at < $1

-- name: delete_subject_answers
-- Of orders whose key is gone.
DELETE FROM subject_answers a USING subject_orders o WHERE o.tenant = a.tenant AND o.order_id = a.order_id AND o.wrapped_key IS NULL

-- name: tenants_with_old_orders
-- Whose orders have all ended, and the versions that wrapped their keys are there still.
SELECT tenant FROM subject_orders GROUP BY tenant HAVING bool_or(NOT key_destroyed) AND bool_and(wrapped_key IS NULL) ORDER BY tenant LIMIT 1000

-- name: open_keys_of_orders
-- Whether one is needed still.
SELECT EXISTS (SELECT 1 FROM subject_orders WHERE tenant = $1 AND wrapped_key IS NOT NULL)

-- name: keys_destroyed
-- For ever.
UPDATE subject_orders SET key_destroyed = true WHERE tenant = $1 AND NOT key_destroyed

-- name: add_subject_answer
-- The first one counts; none for an order that is not open.
INSERT INTO subject_answers (tenant, order_id, phase, owner, part, last, sealed)
SELECT $1, $2, $3, $4, $5, $6, $7 FROM subject_orders WHERE tenant = $1 AND order_id = $2 AND phase = $3 ON CONFLICT DO NOTHING

-- name: subject_answers
-- In order.
SELECT phase, owner, part, last, sealed FROM subject_answers WHERE tenant = $1 AND order_id = $2 ORDER BY phase, owner, part

-- name: subject_answer_parts
-- Which there are.
SELECT phase, owner, part, last FROM subject_answers WHERE tenant = $1 AND order_id = $2

-- name: subject_orders
-- Newest first.
SELECT * FROM subject_orders WHERE tenant = $1 AND ($2::text IS NULL OR order_id = $2) ORDER BY placed_at DESC LIMIT $3

-- name: holds_in_force
-- The matters that are held; NULL: the whole tenant.
SELECT hold, matter FROM holds WHERE tenant = $1 AND released_at IS NULL ORDER BY placed_at LIMIT 1000

-- name: person_scopes
-- Which interactions name a person, by any of these pseudonyms.
SELECT DISTINCT scope FROM attributes WHERE tenant = $1 AND kind = 'person' AND name = ANY($2::text[])

-- name: subject_stretch
-- Payloads in order, a page at a time, but for what is erased and what is kept for ever.
SELECT e.seq, e.namespace, e.event_id, e.type, e.interaction, p.sealed, p.scope, k.wrapped FROM entries e
JOIN payloads p USING (tenant, seq) LEFT JOIN data_keys k ON k.tenant = p.tenant AND k.scope = p.scope
LEFT JOIN scopes s ON s.tenant = p.tenant AND s.scope = p.scope
WHERE e.tenant = $1 AND e.seq > $2 AND e.type <> ALL($3::text[]) AND s.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM erased_payloads x
    WHERE x.tenant = e.tenant AND x.namespace = e.namespace AND x.event_id = e.event_id)
ORDER BY e.seq LIMIT $4

-- name: held_scopes
-- Which of these a hold covers, and the matters that they name.
SELECT s.scope, is_held($1, s.scope) AS held, ARRAY(SELECT p.name FROM places p WHERE p.tenant = $1 AND p.scope = s.scope AND p.kind = 'matter') AS matters
FROM unnest($2::text[]) AS s (scope)

-- name: note_erased_payloads
-- The first erasure is the one that is told.
INSERT INTO erased_payloads (tenant, namespace, event_id, erased_at, erased_by)
SELECT $1, one.*, $4, $5 FROM unnest($2::text[], $3::text[]) AS one ON CONFLICT DO NOTHING

-- name: delete_erased_payloads
-- Rows of what was erased alone, now or by a restored backup; the keys of events that have one of their own go with them.
WITH gone AS (
    DELETE FROM payloads p USING entries e JOIN erased_payloads x USING (tenant, namespace, event_id)
    WHERE ($1::text IS NULL OR x.tenant = $1) AND p.tenant = e.tenant AND p.seq = e.seq RETURNING p.tenant, p.scope
), keys AS (
    DELETE FROM data_keys k USING gone g WHERE k.tenant = g.tenant AND k.scope = g.scope AND g.scope LIKE 'event/%' RETURNING k.wrapped
) SELECT (SELECT count(*) FROM gone) AS payloads, ARRAY(SELECT wrapped FROM keys) AS wrapped

-- name: delete_person
-- Who it was is noted no more.
DELETE FROM attributes WHERE tenant = $1 AND kind = 'person' AND name = ANY($2::text[]) AND scope <> ALL($3::text[])
