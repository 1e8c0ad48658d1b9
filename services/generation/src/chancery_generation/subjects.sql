-- name: answers_of_tenant
-- An answer goes by its event alone; whose it is, and of which matter, its journal says: paged by the journal's primary key, with or without one.
SELECT j.cause_id AS journalled, j.body, a.cause_id, a.answer, a.tool_calls FROM (
    SELECT cause_id, body FROM journal WHERE cause_id LIKE $1 || '/%' AND stage = 'generation' AND cause_id > $2 ORDER BY cause_id LIMIT $3
) AS j LEFT JOIN answers a ON a.cause_id = split_part(j.cause_id, '/', 3) ORDER BY j.cause_id

-- name: erase_answer
-- The tokens that were counted stay.
UPDATE answers SET answer = $2, tool_calls = $3 WHERE cause_id = $1
