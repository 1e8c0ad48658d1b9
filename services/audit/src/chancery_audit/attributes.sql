-- name: note_attributes
-- Once each, at the moment of their scope. Of what is erased, no person comes back.
INSERT INTO attributes (tenant, kind, name, begun_at, scope) SELECT n.tenant, n.kind, n.name, s.begun_at, n.scope
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n (tenant, kind, name, scope)
JOIN scopes s ON s.tenant = n.tenant AND s.scope = n.scope WHERE s.erased_at IS NULL OR n.kind <> 'person' ON CONFLICT DO NOTHING

-- name: note_costs
-- Postings come once each: they add up.
INSERT INTO costs AS c (tenant, scope, currency, begun_at, micros)
SELECT n.tenant, n.scope, n.currency, s.begun_at, n.micros
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS n (tenant, scope, currency, micros)
JOIN scopes s ON s.tenant = n.tenant AND s.scope = n.scope ON CONFLICT (tenant, scope, currency) DO UPDATE SET micros = c.micros + excluded.micros

-- name: delete_persons
-- With the payloads that named them.
DELETE FROM attributes WHERE tenant = $1 AND scope = ANY($2::text[]) AND kind = 'person'

-- name: backfills
-- Trails with entries from before attributes were noted.
SELECT tenant, next_seq, until_seq FROM attribute_backfills WHERE next_seq < until_seq ORDER BY tenant LIMIT 1000

-- name: backfill_stretch
-- Entries that may tell something, opened only where nothing says that they are erased.
SELECT e.event_id, e.type, e.leaf, p.sealed, p.scope, k.wrapped FROM entries e
JOIN payloads p USING (tenant, seq) JOIN data_keys k ON k.tenant = p.tenant AND k.scope = p.scope
LEFT JOIN scopes s ON s.tenant = p.tenant AND s.scope = p.scope
WHERE e.tenant = $1 AND e.seq >= $2 AND e.seq < $3 AND e.type = ANY($4::text[]) AND s.erased_at IS NULL ORDER BY e.seq

-- name: move_backfill
-- Only from where this batch began: two processes do not note one stretch twice.
UPDATE attribute_backfills SET next_seq = $3 WHERE tenant = $1 AND next_seq = $2 RETURNING true
