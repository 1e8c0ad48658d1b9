-- name: find_outputs
-- What was stored for this event by this stage.
SELECT sealed, body FROM journal WHERE cause_id = $1 AND stage = $2

-- name: store_outputs
-- First stored wins: a second writer waits for the first and then changes nothing.
INSERT INTO journal (cause_id, stage, stored_at, sealed, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (cause_id, stage) DO NOTHING

-- name: purge_outputs
-- Journals are kept only as long as a redelivery is possible; bounded, so that it never locks for long.
DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal WHERE stage = $1 AND stored_at < $2 LIMIT 5000)
