-- name: list_calls
-- Every call for one event, in order, as of one moment; the answer stands beside the call that gave it.
SELECT c.ordinal, c.model_name, c.model_version, c.outcome, c.status, c.latency_ms, c.usage, c.raw_usage, c.why, c.provider,
    c.provider_model, c.region, c.superseded, c.route, a.answer, a.tool_calls, a.stop_reason
FROM calls c LEFT JOIN answers a USING (cause_id, ordinal) WHERE c.cause_id = $1 ORDER BY c.ordinal

-- name: begin_call
-- The intent: committed before the call is made, so that a crash leaves its trace. Nothing where a zombie has taken this ordinal, or where
-- the event's outputs ($11) are journalled already: to look for them first would be a round trip more for every event.
INSERT INTO calls (cause_id, ordinal, model_name, model_version, why, provider, provider_model, region, route, started_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE NOT EXISTS (SELECT FROM journal WHERE cause_id = $11 AND stage = 'generation')
ON CONFLICT DO NOTHING

-- name: has_outputs
-- True where an event was answered, in whatever way.
SELECT EXISTS (SELECT FROM journal WHERE cause_id = $1 AND stage = 'generation')

-- name: end_call
-- How it ended, once written it stays; and its answer, if it has one ($10): first stored wins, so a zombie's later one is dropped.
WITH ended AS (
    UPDATE calls SET outcome = $3, status = $4, latency_ms = $5, usage = $6, raw_usage = $7, superseded = $8, finished_at = $9
    WHERE cause_id = $1 AND ordinal = $2 AND outcome IS NULL
)
INSERT INTO answers (cause_id, ordinal, answer, tool_calls, stop_reason, stored_at)
SELECT $1, $2, $10::text, $11, $12, $9 WHERE $10::text IS NOT NULL ON CONFLICT (cause_id) DO NOTHING

-- name: purge_calls
-- Kept only as long as a redelivery is possible; bounded, so that it never locks for long. Answers go with their calls.
DELETE FROM calls WHERE (cause_id, ordinal) IN (SELECT cause_id, ordinal FROM calls WHERE started_at < $1 LIMIT 5000)
