-- name: open_budget
-- The budget's row for a period, made when first needed; its limit follows the registry, as of the newest event.
INSERT INTO budgets (tenant, name, period, limit_micros, currency, limit_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, name, period) DO UPDATE SET limit_micros = EXCLUDED.limit_micros, limit_at = EXCLUDED.limit_at
WHERE budgets.limit_at <= EXCLUDED.limit_at AND budgets.limit_micros <> EXCLUDED.limit_micros AND budgets.currency = EXCLUDED.currency

-- name: reserve
-- Check and add in one statement: two at once can't both take the last of it. Holds nothing where the row's limit is not yet the registry's.
WITH held AS (
    UPDATE budgets SET reserved_micros = reserved_micros + $4
    WHERE tenant = $1 AND name = $2 AND period = $3 AND currency = $5 AND (limit_micros = $6 OR limit_at > $7)
    AND limit_micros - spent_micros - reserved_micros >= $4
    RETURNING 1
), made AS (
    INSERT INTO reservations (
        reservation_id, tenant, budget, period, amount_micros, created_at, cause_id, interaction, conversation, matter, namespace,
        use_case, model, model_version, price, priced_at)
    SELECT $9::text, $1, $2, $3, $4, $8::timestamptz, $10::text, $11::text, $12::text, $13::text, $14::text,
        $15::text, $16::text, $17::int, $18::text, $7::timestamptz
    FROM held ON CONFLICT DO NOTHING RETURNING 1
), posted AS (
    INSERT INTO postings (
        posting_id, reservation_id, tenant, budget, period, amount_micros, posted_at, interaction, use_case, model, model_version,
        kind, currency, price_source)
    SELECT $19::text, $9::text, $1, $2, $3, $4, $8::timestamptz, $11::text, $15::text, $16::text, $17::int, 'reserve', $5, $20::text
    FROM made
)
SELECT (SELECT count(*) FROM held) AS held, (SELECT count(*) FROM made) AS made

-- name: end_reservation
-- Settled or released ($16): frees what was set aside ($17), adds what was spent ($18), and posts the movement, once.
WITH ended AS (
    UPDATE reservations SET state = $16 WHERE reservation_id = $2
), booked AS (
    UPDATE budgets SET reserved_micros = reserved_micros - $17, spent_micros = spent_micros + $18
    WHERE tenant = $3 AND name = $6 AND period = $7
)
INSERT INTO postings (
    posting_id, reservation_id, tenant, interaction, use_case, budget, period, kind, amount_micros, currency, posted_at,
    model, model_version, price_source, announced)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)

-- name: has_posting
-- True where this very movement is booked.
SELECT EXISTS (SELECT FROM postings WHERE posting_id = $1)

-- name: find_reservation
-- One reservation, locked.
SELECT * FROM reservations WHERE reservation_id = $1 FOR UPDATE

-- name: find_open_reservations
-- Those of an interaction that still hold money, locked.
SELECT * FROM reservations WHERE tenant = $1 AND interaction = $2 AND namespace = $3 AND state = 'open' ORDER BY reservation_id FOR UPDATE

-- name: find_expired_reservation
-- The oldest that nothing ended for too long; skips what somebody else is just ending.
SELECT * FROM reservations WHERE state = 'open' AND created_at < $1 ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: find_unannounced
-- Expiries whose events Kafka has not acknowledged, oldest first; each with its reservation.
SELECT r.*, p.posting_id, p.amount_micros AS posted_micros, p.posted_at, p.price_source FROM postings p
JOIN reservations r USING (reservation_id) WHERE NOT p.announced ORDER BY p.posted_at LIMIT 200

-- name: mark_announced
-- Kafka has them.
UPDATE postings SET announced = true WHERE posting_id = $1

-- name: list_budgets
-- For operators.
SELECT tenant, name, period, limit_micros, spent_micros, reserved_micros, currency FROM budgets
WHERE $1::text IS NULL OR tenant = $1 ORDER BY tenant, name, period

-- name: list_costs
-- Spend by use case.
SELECT tenant, use_case, currency, count(*) AS settled, sum(amount_micros) AS spent_micros FROM postings
WHERE kind = 'settle' AND tenant = $1 AND ($2::text IS NULL OR use_case = $2)
AND posted_at >= COALESCE($3, '-infinity'::timestamptz) AND posted_at < COALESCE($4, 'infinity'::timestamptz)
GROUP BY tenant, use_case, currency ORDER BY use_case, currency

-- name: page_postings
-- Movements in the order they were made, after a posting.
SELECT posting_id, kind, amount_micros, currency, budget, period, posted_at, use_case, interaction, model, model_version, price_source
FROM postings WHERE tenant = $1 AND ($2::text IS NULL OR use_case = $2)
AND posted_at >= COALESCE($3, '-infinity'::timestamptz) AND posted_at < COALESCE($4, 'infinity'::timestamptz)
AND ($5::text IS NULL OR (posted_at, posting_id) > (SELECT posted_at, posting_id FROM postings WHERE tenant = $1 AND posting_id = $5))
ORDER BY posted_at, posting_id LIMIT $6

-- name: interaction_postings
-- Every movement of one interaction.
SELECT posting_id, kind, amount_micros, currency, budget, period, posted_at, use_case, interaction, model, model_version, price_source
FROM postings WHERE tenant = $1 AND interaction = $2 ORDER BY posted_at, kind
