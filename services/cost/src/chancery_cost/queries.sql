-- name: open_budget
-- The budget's row for a period, made when first needed; its limit follows the registry.
INSERT INTO budgets (tenant, name, period, limit_micros, currency) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, name, period) DO UPDATE SET limit_micros = EXCLUDED.limit_micros
WHERE budgets.limit_micros <> EXCLUDED.limit_micros

-- name: hold_amount
-- Check and add in one statement: two at once can't both take the last of it.
UPDATE budgets SET reserved_micros = reserved_micros + $4
WHERE tenant = $1 AND name = $2 AND period = $3 AND limit_micros - spent_micros - reserved_micros >= $4
RETURNING reserved_micros

-- name: add_reservation
-- What was set aside, for whom, at which price.
INSERT INTO reservations (reservation_id, tenant, interaction, budget, period, use_case, model, model_version, amount_micros, price)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: add_posting
-- Every movement, once.
INSERT INTO postings (posting_id, reservation_id, tenant, interaction, use_case, budget, period, kind, amount_micros, currency)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: find_reservation
-- One reservation, locked.
SELECT * FROM reservations WHERE reservation_id = $1 FOR UPDATE

-- name: find_open_reservations
-- Those of an interaction that still hold money, locked.
SELECT * FROM reservations WHERE tenant = $1 AND interaction = $2 AND state = 'open' ORDER BY reservation_id FOR UPDATE

-- name: find_expired_reservations
-- Those that nothing ended for too long; skips what somebody else is just ending.
SELECT * FROM reservations WHERE state = 'open' AND created_at < $1 ORDER BY created_at LIMIT 200 FOR UPDATE SKIP LOCKED

-- name: end_reservation
-- Settled or released.
UPDATE reservations SET state = $2 WHERE reservation_id = $1

-- name: book
-- Frees what was set aside, adds what was spent.
UPDATE budgets SET reserved_micros = reserved_micros - $4, spent_micros = spent_micros + $5
WHERE tenant = $1 AND name = $2 AND period = $3

-- name: list_budgets
-- For operators.
SELECT tenant, name, period, limit_micros, spent_micros, reserved_micros, currency FROM budgets
WHERE $1::text IS NULL OR tenant = $1 ORDER BY tenant, name, period

-- name: list_costs
-- Spend by use case.
SELECT tenant, use_case, currency, count(*) AS settled, sum(amount_micros)::bigint AS spent_micros FROM postings
WHERE kind = 'settle' AND tenant = $1 AND ($2::text IS NULL OR use_case = $2)
AND posted_at >= COALESCE($3, '-infinity'::timestamptz) AND posted_at < COALESCE($4, 'infinity'::timestamptz)
GROUP BY tenant, use_case, currency ORDER BY use_case

-- name: interaction_postings
-- Every movement of one interaction.
SELECT posting_id, kind, amount_micros, currency, budget, period, posted_at FROM postings WHERE tenant = $1 AND interaction = $2 ORDER BY posted_at, kind
