-- name: take_instance
-- A lock of the session: PostgreSQL gives it up as soon as the process is gone.
SELECT pg_try_advisory_lock(hashtextextended('chancery audit instance ' || $1, 0))

-- name: hold_instance
-- Whether the session is still there.
SELECT 1

-- name: leave_instance
-- Another may have it.
SELECT pg_advisory_unlock_all()

-- name: make_heads
-- A tenant's chain begins empty; sorted, so that two writers wait for each other in one order.
INSERT INTO heads (tenant) SELECT tenant FROM unnest($1::text[]) AS tenant ORDER BY tenant ON CONFLICT DO NOTHING

-- name: lock_heads
-- One row lock a tenant makes its chain sequential.
SELECT tenant, size, link FROM heads WHERE tenant = ANY($1::text[]) ORDER BY tenant FOR UPDATE

-- name: move_heads
-- After the entries of a batch.
UPDATE heads SET size = moved.size, link = moved.link
FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS moved (tenant, size, link) WHERE heads.tenant = moved.tenant

-- name: recorded_entries
-- Which events of a batch are on record.
SELECT tenant, namespace, event_id, seq, digest FROM entries
JOIN unnest(string_to_array($1, ','), string_to_array($2, ','), string_to_array($3, ',')) AS asked (tenant, namespace, event_id)
USING (tenant, namespace, event_id)

-- name: data_keys
-- The database says which key is in force; the cache only saves its unwrapping.
SELECT tenant, scope, wrapped FROM data_keys
JOIN unnest(string_to_array($1, ','), string_to_array($2, ',')) AS asked (tenant, scope) USING (tenant, scope)

-- name: add_data_keys
-- New scopes; the tenant's head is locked, so nobody else adds them.
INSERT INTO data_keys (tenant, scope, wrapped) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])

-- name: add_alarm
-- One a record, however often it is delivered.
INSERT INTO alarms (tenant, namespace, event_id, recorded_seq, topic, partition, "offset", digest, scope, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (topic, partition, "offset") DO NOTHING RETURNING id

-- name: make_ranges
-- An account begins empty; without its row there is nothing to lock. Sorted, so that two writers wait for each other in one order.
INSERT INTO offset_ranges (topic, partition, bounds) SELECT topic, partition, '{}' FROM unnest($1::text[], $2::int[]) AS asked (topic, partition)
ORDER BY topic, partition ON CONFLICT DO NOTHING

-- name: lock_ranges
-- Sorted, so that two writers wait for each other in one order.
SELECT topic, partition, bounds FROM offset_ranges JOIN unnest($1::text[], $2::int[]) AS asked (topic, partition) USING (topic, partition)
ORDER BY topic, partition FOR UPDATE OF offset_ranges

-- name: save_ranges
-- Of accounts that are locked.
UPDATE offset_ranges SET bounds = saved.bounds::bigint[]
FROM unnest($1::text[], $2::int[], $3::text[]) AS saved (topic, partition, bounds)
WHERE offset_ranges.topic = saved.topic AND offset_ranges.partition = saved.partition

-- name: moved_heads
-- Signed, and not yet published.
SELECT l.tenant, l.size, l.note, e.link FROM logs l JOIN entries e ON e.tenant = l.tenant AND e.seq = l.size - 1
WHERE l.size > l.published_size ORDER BY l.tenant LIMIT 1000

-- name: unsigned_heads
-- Chains that grew since their last checkpoint, and whether another signer holds their log.
SELECT h.tenant, l.leased_until >= now() AND l.holder <> $1 AS held FROM heads h LEFT JOIN logs l USING (tenant)
WHERE h.size > coalesce(l.size, 0) ORDER BY h.tenant LIMIT 1000

-- name: give_up_when_idle
-- A signer that is frozen in the middle of its transaction loses it, and with it the lock of the log's row.
SELECT set_config('idle_in_transaction_session_timeout', '5s', true)

-- name: take_lease
-- Free, expired, or the signer's own; each change of hands is a new epoch. Under the lock of the log's row.
UPDATE logs SET holder = $2, epoch = epoch + (holder IS DISTINCT FROM $2)::int, leased_until = clock_timestamp() + make_interval(secs => $3)
WHERE tenant = $1 AND (holder = $2 OR leased_until IS NULL OR leased_until < clock_timestamp()) RETURNING epoch

-- name: make_log
-- A tenant's log begins empty.
INSERT INTO logs (tenant) VALUES ($1) ON CONFLICT DO NOTHING

-- name: lock_log
-- One signer at a time.
SELECT l.size, l.frontier, l.note, (SELECT c.note FROM checkpoints c WHERE c.tenant = l.tenant ORDER BY c.size DESC LIMIT 1) AS last_note
FROM logs l WHERE l.tenant = $1 FOR UPDATE OF l

-- name: log
-- As it was signed last.
SELECT size, note FROM logs WHERE tenant = $1

-- name: leaf_hashes
-- A stretch, in order.
SELECT seq, leaf_hash FROM entries WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3

-- name: leaves
-- A bundle's.
SELECT leaf FROM entries WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq

-- name: tile
-- One.
SELECT hashes FROM tiles WHERE tenant = $1 AND level = $2 AND index = $3

-- name: tiles
-- Some.
SELECT level, index, hashes FROM tiles JOIN unnest($2::smallint[], $3::bigint[]) AS asked (level, index) USING (level, index) WHERE tenant = $1

-- name: save_tile
-- A tile grows, and is never rewritten.
INSERT INTO tiles (tenant, level, index, hashes) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant, level, index) DO UPDATE SET hashes = excluded.hashes

-- name: save_log
-- With its new checkpoint; not where the lease has changed hands.
UPDATE logs SET size = $2, frontier = $3, note = $4 WHERE tenant = $1 AND epoch = $5 RETURNING true

-- name: add_checkpoint
-- Each that was signed is kept.
INSERT INTO checkpoints (tenant, size, note) VALUES ($1, $2, $3)

-- name: mark_published
-- Never backwards. Not in the row of the head, which whoever appends holds.
UPDATE logs SET published_size = greatest(published_size, $2) WHERE tenant = $1

-- name: head
-- One tenant's.
SELECT size, link FROM heads WHERE tenant = $1

-- name: interaction_entries
-- All of one interaction, with payloads and keys where they still are. What is joined on stands in a column first: beneath row-level
-- security, an index is used for plain columns alone.
WITH page AS MATERIALIZED (
    SELECT e.*, p.sealed, p.scope, coalesce(p.scope, 'interaction/' || e.interaction) AS erased_with FROM entries e
    LEFT JOIN payloads p USING (tenant, seq) WHERE e.tenant = $1 AND e.interaction = $2 ORDER BY e.seq LIMIT $3
)
SELECT e.*, k.wrapped, coalesce(s.erased_at, x.erased_at) AS erased_at, coalesce(s.erased_by, x.erased_by) AS erased_by,
    coalesce(s.erased_why, CASE WHEN x.erased_at IS NOT NULL THEN 'request' END) AS erased_why, coalesce(s.erased_for, x.erased_by) AS erased_for
FROM page e LEFT JOIN data_keys k ON k.tenant = e.tenant AND k.scope = e.scope
LEFT JOIN scopes s ON s.tenant = e.tenant AND s.scope = e.erased_with
LEFT JOIN erased_payloads x ON x.tenant = e.tenant AND x.namespace = e.namespace AND x.event_id = e.event_id ORDER BY e.seq

-- name: list_entries
-- Paged by number; every filter is optional.
SELECT * FROM entries
WHERE tenant = $1 AND seq > $2 AND ($3::text IS NULL OR type = $3) AND ($4::timestamptz IS NULL OR event_time >= $4)
AND ($5::timestamptz IS NULL OR event_time < $5) AND ($6::text IS NULL OR interaction = $6) ORDER BY seq LIMIT $7

-- name: stretch
-- A stretch of the chain, for verification.
SELECT e.*, p.sealed FROM entries e LEFT JOIN payloads p USING (tenant, seq) WHERE e.tenant = $1 AND e.seq >= $2 ORDER BY e.seq LIMIT $3

-- name: accounts
-- Offsets of a tenant's own topics and of the shared ones.
SELECT topic, partition, bounds FROM offset_ranges WHERE topic !~ '\.interactions\.(requested|completed)\.[^.]+$' OR topic LIKE '%.' || $1
ORDER BY topic, partition

-- name: count_types
-- Accepted and ended interactions.
SELECT type, count(DISTINCT interaction) AS interactions FROM entries WHERE tenant = $1 AND namespace = $2 AND type = ANY($3::text[]) GROUP BY type

-- name: count_unfinished
-- Accepted, and not ended.
SELECT count(DISTINCT r.interaction) FROM entries r WHERE r.tenant = $1 AND r.namespace = $2 AND r.type = $3 AND NOT EXISTS (
    SELECT 1 FROM entries c WHERE c.tenant = r.tenant AND c.interaction = r.interaction AND c.namespace = r.namespace AND c.type = $4)

-- name: unfinished
-- The oldest of them, and how far each came.
SELECT r.interaction, r.event_time AS accepted_at, l.type AS last_type, l.event_time AS last_at FROM entries r
CROSS JOIN LATERAL (SELECT type, event_time FROM entries e WHERE e.tenant = r.tenant AND e.interaction = r.interaction
    AND e.namespace = r.namespace ORDER BY seq DESC LIMIT 1) l
WHERE r.tenant = $1 AND r.namespace = $2 AND r.type = $3 AND NOT EXISTS (
    SELECT 1 FROM entries c WHERE c.tenant = r.tenant AND c.interaction = r.interaction AND c.namespace = r.namespace AND c.type = $4)
ORDER BY r.seq LIMIT $5

-- name: count_alarms
-- Ids with two contents.
SELECT count(*) FROM alarms WHERE tenant = $1

-- name: add_unreadable
-- A record that is no event, once.
INSERT INTO unreadable (topic, partition, "offset", recorded_ms, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: uncosigned
-- Logs whose newest checkpoint a witness has not cosigned, and the size that it cosigned last.
SELECT l.tenant, l.size, l.note, coalesce(max(c.size), 0) AS cosigned FROM logs l
LEFT JOIN cosignatures c ON c.tenant = l.tenant AND c.witness = $1
WHERE l.note IS NOT NULL GROUP BY l.tenant, l.size, l.note HAVING coalesce(max(c.size), 0) < l.size ORDER BY l.tenant LIMIT 1000

-- name: add_cosignature
-- Once.
INSERT INTO cosignatures (tenant, size, witness, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: checkpoint_over
-- Of those that cover an entry the one with the most witnesses, then the newest.
SELECT k.size, k.note, count(c.line) AS witnesses, string_agg(c.line, '' ORDER BY c.witness) AS lines FROM (
    SELECT size FROM logs WHERE tenant = $1
    UNION (SELECT size FROM cosignatures WHERE tenant = $1 AND size > $2 ORDER BY size DESC LIMIT 100)
) n JOIN checkpoints k ON k.tenant = $1 AND k.size = n.size LEFT JOIN cosignatures c ON c.tenant = k.tenant AND c.size = k.size
WHERE k.size > $2 GROUP BY k.size, k.note ORDER BY witnesses DESC, k.size DESC LIMIT 1

-- name: export_entries
-- What was asked for, in the log's order, a page at a time; joined as `interaction_entries`.
WITH page AS MATERIALIZED (
SELECT e.tenant, e.namespace, e.event_id, e.seq, e.type, e.leaf, p.sealed, p.scope,
    coalesce(p.scope, 'interaction/' || e.interaction) AS erased_with FROM entries e
LEFT JOIN payloads p USING (tenant, seq)
WHERE e.tenant = $1 AND e.seq > $2 AND e.seq < $3 AND ($4::text IS NULL OR e.interaction = $4)
AND ($5::timestamptz IS NULL OR e.event_time >= $5) AND ($6::timestamptz IS NULL OR e.event_time < $6)
AND ($7::text IS NULL
     OR e.interaction = ANY(ARRAY(SELECT substr(scope, 13) FROM places
         WHERE tenant = $1 AND kind = 'matter' AND name = $7 AND scope LIKE 'interaction/%'))
     OR e.event_id = ANY(ARRAY(SELECT substr(scope, 7) FROM places
         WHERE tenant = $1 AND kind = 'matter' AND name = $7 AND scope LIKE 'event/%')))
ORDER BY e.seq LIMIT $8
)
SELECT e.seq, e.type, e.leaf, e.sealed, e.scope, k.wrapped, coalesce(s.erased_at, x.erased_at) AS erased_at FROM page e
LEFT JOIN data_keys k ON k.tenant = e.tenant AND k.scope = e.scope LEFT JOIN scopes s ON s.tenant = e.tenant AND s.scope = e.erased_with
LEFT JOIN erased_payloads x ON x.tenant = e.tenant AND x.namespace = e.namespace AND x.event_id = e.event_id ORDER BY e.seq

-- name: count_export
-- How many these are, at most: an interaction's entries may name another matter.
SELECT count(*) FROM entries e WHERE e.tenant = $1 AND e.seq > $2 AND e.seq < $3 AND ($4::text IS NULL OR e.interaction = $4)
AND ($5::timestamptz IS NULL OR e.event_time >= $5) AND ($6::timestamptz IS NULL OR e.event_time < $6)
AND ($7::text IS NULL
     OR e.interaction = ANY(ARRAY(SELECT substr(scope, 13) FROM places
         WHERE tenant = $1 AND kind = 'matter' AND name = $7 AND scope LIKE 'interaction/%'))
     OR e.event_id = ANY(ARRAY(SELECT substr(scope, 7) FROM places
         WHERE tenant = $1 AND kind = 'matter' AND name = $7 AND scope LIKE 'event/%')))

-- name: checkpoints_at
-- The newest that is no larger than each size.
SELECT DISTINCT c.size, c.note FROM unnest($2::bigint[]) AS target
CROSS JOIN LATERAL (SELECT size, note FROM checkpoints WHERE tenant = $1 AND size <= target ORDER BY size DESC LIMIT 1) c ORDER BY c.size

-- name: clock
-- The database's.
SELECT clock_timestamp()

-- name: partitions_with_gaps
-- Of their recorded offsets.
SELECT topic, partition, bounds FROM offset_ranges WHERE array_length(bounds, 1) > 2 ORDER BY topic, partition LIMIT 1000

-- name: recorded_ends
-- The offset behind the last one on record, of every partition.
SELECT topic, partition, bounds[array_upper(bounds, 1)] AS recorded FROM offset_ranges WHERE array_length(bounds, 1) > 0

-- name: unsigned_too_long
-- Logs whose oldest entry without checkpoint has waited.
SELECT h.tenant, h.size - coalesce(l.size, 0) AS entries, date_trunc('second', e.recorded_at) AS since FROM heads h
LEFT JOIN logs l USING (tenant) JOIN entries e ON e.tenant = h.tenant AND e.seq = coalesce(l.size, 0)
WHERE h.size > coalesce(l.size, 0) AND e.recorded_at < clock_timestamp() - $1::interval ORDER BY h.tenant LIMIT 1000

-- name: recent_alarms
-- Ids with two contents, by tenant.
SELECT tenant, count(*) AS alarms FROM alarms WHERE raised_at > clock_timestamp() - $1::interval GROUP BY tenant ORDER BY tenant LIMIT 1000

-- name: unfinished_too_long
-- Accepted interactions without an end, by tenant.
SELECT tenant, count(*) AS open, date_trunc('second', min(begun_at)) AS since FROM scopes
WHERE ended_at IS NULL AND erased_at IS NULL AND interaction IS NOT NULL AND begun_at < clock_timestamp() - $1::interval
GROUP BY tenant ORDER BY tenant LIMIT 1000

-- name: list_reads
-- Readings of the trail, newest first.
SELECT e.*, p.sealed, p.scope, k.wrapped, s.erased_at, s.erased_by, s.erased_why, s.erased_for FROM entries e
LEFT JOIN payloads p USING (tenant, seq) LEFT JOIN data_keys k ON k.tenant = p.tenant AND k.scope = p.scope
LEFT JOIN scopes s ON s.tenant = p.tenant AND s.scope = p.scope
WHERE e.tenant = $1 AND e.type = $2 AND ($3::text IS NULL OR e.interaction = $3) AND e.seq < $4 ORDER BY e.seq DESC LIMIT $5

-- name: registry_entries
-- Versions of the registry that are on record, a tenant's and the shared ones.
SELECT e.tenant, e.seq, e.event_id, e.event_time, p.sealed, p.scope, k.wrapped FROM entries e
JOIN payloads p USING (tenant, seq) JOIN data_keys k ON k.tenant = p.tenant AND k.scope = p.scope
WHERE e.tenant = ANY($1::text[]) AND e.type = $2 ORDER BY e.tenant, e.seq

-- name: unanchored
-- Logs whose newest checkpoint has no anchor of a kind, and whose last one is old enough; of this signer, or of one that signs no more.
SELECT l.tenant, l.size, l.note FROM logs l
LEFT JOIN LATERAL (SELECT size, stored_at FROM anchors WHERE tenant = l.tenant AND kind = $1 ORDER BY size DESC LIMIT 1) a ON true
WHERE l.note IS NOT NULL AND (a.size IS NULL OR (a.size < l.size AND a.stored_at <= clock_timestamp() - $2::interval))
AND (l.holder = $3 OR l.leased_until IS NULL OR l.leased_until < clock_timestamp()) AND l.tenant <> ALL($4::text[])
ORDER BY l.tenant LIMIT 1000

-- name: add_anchor
-- Once, though two processes may have made it.
INSERT INTO anchors (tenant, kind, size, at, evidence) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: anchors_overdue
-- Logs whose oldest checkpoint without an anchor of a kind has waited; where there never was one, since this process began.
SELECT l.tenant, c.size, date_trunc('second', c.signed_at) AS since FROM logs l
CROSS JOIN LATERAL (SELECT coalesce(max(size), 0) AS size FROM anchors WHERE tenant = l.tenant AND kind = $1) a
CROSS JOIN LATERAL (SELECT size, signed_at FROM checkpoints WHERE tenant = l.tenant AND size > a.size ORDER BY size LIMIT 1) c
WHERE greatest(c.signed_at, CASE WHEN a.size = 0 THEN $2::timestamptz END) < clock_timestamp() - $3::interval ORDER BY l.tenant LIMIT 1000

-- name: list_anchors
-- Newest first; all of a checkpoint on one page.
SELECT a.kind, a.size, a.at, a.stored_at, a.evidence, c.note FROM anchors a JOIN checkpoints c USING (tenant, size)
WHERE a.tenant = $1 AND ($2::bigint IS NULL OR a.size = $2) AND a.size < $3 ORDER BY a.size DESC FETCH FIRST ($4) ROWS WITH TIES

-- name: anchors_under
-- Of each kind the newest that is over no more than a size.
SELECT a.kind, a.size, a.at, a.evidence, c.note FROM unnest($3::text[]) AS wanted (kind)
CROSS JOIN LATERAL (SELECT * FROM anchors WHERE tenant = $1 AND kind = wanted.kind AND size <= $2 ORDER BY size DESC LIMIT 1) a
JOIN checkpoints c ON c.tenant = a.tenant AND c.size = a.size ORDER BY a.kind
