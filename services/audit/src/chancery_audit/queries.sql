-- name: known_events
-- Which of these ids the trail has, with the keyed hash of their contents.
SELECT event_id, content_hash FROM entries WHERE tenant = $1 AND namespace = $2 AND event_id = ANY($3::text[])

-- name: lock_head
-- One appender a tenant at a time; made when first needed.
INSERT INTO heads (tenant, size, link) VALUES ($1, 0, $2) ON CONFLICT (tenant) DO UPDATE SET tenant = heads.tenant RETURNING size, link

-- name: move_head
-- To the last entry of the batch.
UPDATE heads SET size = $2, link = $3 WHERE tenant = $1

-- name: add_offsets
-- Ranges that this batch consumed.
INSERT INTO offset_ranges (topic, partition, first_offset, next_offset) VALUES ($1, $2, $3, $4)
ON CONFLICT (topic, partition, first_offset) DO UPDATE SET next_offset = greatest(offset_ranges.next_offset, EXCLUDED.next_offset)

-- name: lock_ranges
-- Those of one partition, to be merged; the lock is by partition.
SELECT first_offset, next_offset FROM offset_ranges WHERE topic = $1 AND partition = $2 ORDER BY first_offset FOR UPDATE

-- name: drop_ranges
-- Before the merged ones are written.
DELETE FROM offset_ranges WHERE topic = $1 AND partition = $2

-- name: add_alarm
-- One id with two contents.
INSERT INTO alarms (tenant, namespace, event_id, kind, topic, partition, record_offset, sealed, wrapped_key, context)
VALUES ($1, $2, $3, 'two_contents', $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING

-- name: interaction_entries
-- One interaction, in the order of the trail.
SELECT e.seq, e.leaf, e.link, p.sealed, p.wrapped_key, p.context FROM entries e LEFT JOIN payloads p USING (tenant, seq)
WHERE e.tenant = $1 AND e.interaction = $2 ORDER BY e.recorded_ms, e.seq LIMIT 1000

-- name: list_entries
-- A page by sequence number.
SELECT seq, leaf, link FROM entries
WHERE tenant = $1 AND seq > $2 AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR interaction = $4)
AND ($5::bigint IS NULL OR recorded_ms >= $5) AND ($6::bigint IS NULL OR recorded_ms < $6) ORDER BY seq LIMIT $7

-- name: verify_page
-- Leaves, links and what is left of the payloads, in order.
SELECT e.seq, e.leaf, e.link, p.sealed, p.erased FROM entries e LEFT JOIN payloads p USING (tenant, seq)
WHERE e.tenant = $1 AND e.seq > $2 ORDER BY e.seq LIMIT 2000

-- name: head
-- Size and link of a tenant's trail.
SELECT size, link FROM heads WHERE tenant = $1

-- name: moved_heads
-- Trails that grew since their last checkpoint.
SELECT tenant, size, link FROM heads WHERE size > published_size ORDER BY tenant

-- name: mark_published
-- The checkpoint of this size is out.
UPDATE heads SET published_size = greatest(published_size, $2) WHERE tenant = $1

-- name: ranges
-- Consumed offsets by partition.
SELECT topic, partition, first_offset, next_offset FROM offset_ranges ORDER BY topic, partition, first_offset

-- name: unfinished
-- Interactions with a request and no end, oldest first, with the last event seen.
SELECT r.interaction, r.recorded_ms,
       (SELECT l.type FROM entries l WHERE l.tenant = r.tenant AND l.interaction = r.interaction ORDER BY l.recorded_ms DESC, l.seq DESC LIMIT 1) AS last_type
FROM entries r WHERE r.tenant = $1 AND r.type LIKE 'chancery.interaction.requested.%'
AND NOT EXISTS (SELECT 1 FROM entries c WHERE c.tenant = r.tenant AND c.interaction = r.interaction AND c.type LIKE 'chancery.interaction.completed.%')
ORDER BY r.recorded_ms LIMIT 1000

-- name: counts
-- Requests, ends, alarms of a tenant.
SELECT (SELECT count(DISTINCT interaction) FROM entries WHERE tenant = $1 AND type LIKE 'chancery.interaction.requested.%') AS requested,
       (SELECT count(DISTINCT interaction) FROM entries WHERE tenant = $1 AND type LIKE 'chancery.interaction.completed.%') AS completed,
       (SELECT count(*) FROM alarms WHERE tenant = $1) AS alarms

-- name: add_unreadable
-- A record that is no event.
INSERT INTO unreadable (topic, partition, record_offset, recorded_ms, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: list_unreadable
-- Those on a tenant's topics, newest first.
SELECT topic, partition, record_offset, recorded_ms, reason FROM unreadable WHERE topic LIKE '%.' || $1 ORDER BY recorded_ms DESC LIMIT 1000
