-- name: answers_of_tenant
-- An answer goes by its event alone; whose it is, and of which matter, its journal says.
SELECT a.cause_id, a.answer, j.body FROM journal j JOIN answers a ON a.cause_id = split_part(j.cause_id, '/', 3)
WHERE j.cause_id LIKE $1 || '/%' AND j.stage = 'generation' AND a.cause_id > $2 ORDER BY a.cause_id LIMIT $3

-- name: erase_answer
-- The tokens that were counted stay.
UPDATE answers SET answer = $2 WHERE cause_id = $1
