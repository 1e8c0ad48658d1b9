-- name: list_calls
-- Every call for one event: told in its attempts, and counted against the model's limit.
SELECT ordinal, model_name, model_version, outcome, status, latency_ms, usage, raw_usage FROM calls WHERE cause_id = $1 ORDER BY ordinal

-- name: find_answer
-- The answer that counts, with the tokens of the call that gave it.
SELECT a.answer, a.tool_calls, a.stop_reason, c.usage, c.raw_usage FROM answers a JOIN calls c USING (cause_id, ordinal) WHERE a.cause_id = $1

-- name: lock_cause
-- A zombie and its successor must not take the same ordinal; freed at the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('generation call ' || $1, 0))

-- name: begin_call
-- The intent: committed before the call is made, so that a crash leaves its trace.
INSERT INTO calls (cause_id, ordinal, model_name, model_version, started_at)
SELECT $1, coalesce(max(ordinal), 0) + 1, $2, $3, $4 FROM calls WHERE cause_id = $1 RETURNING ordinal

-- name: end_call
-- How it ended; once written it stays.
UPDATE calls SET outcome = $3, status = $4, latency_ms = $5, usage = $6, raw_usage = $7, finished_at = $8
WHERE cause_id = $1 AND ordinal = $2 AND outcome IS NULL

-- name: store_answer
-- First stored wins: a zombie's later answer is dropped.
INSERT INTO answers (cause_id, ordinal, answer, tool_calls, stop_reason, stored_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (cause_id) DO NOTHING

-- name: purge_calls
-- Kept only as long as a redelivery is possible; bounded, so that it never locks for long. Answers go with their calls.
DELETE FROM calls WHERE (cause_id, ordinal) IN (SELECT cause_id, ordinal FROM calls WHERE started_at < $1 LIMIT 5000)
