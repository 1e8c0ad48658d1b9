-- name: outcome_begun
-- What `authorised` says; where an answer is known already, the model that gave it stays.
INSERT INTO outcomes (tenant, interaction, unit, begun_at, use_case, use_case_version, model, model_version,
    experiment, experiment_version, variant, weights)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (tenant, interaction) DO UPDATE SET begun_at = least(outcomes.begun_at, EXCLUDED.begun_at),
    use_case = EXCLUDED.use_case, use_case_version = EXCLUDED.use_case_version,
    model = CASE WHEN outcomes.verdict IS NULL THEN EXCLUDED.model ELSE outcomes.model END,
    model_version = CASE WHEN outcomes.verdict IS NULL THEN EXCLUDED.model_version ELSE outcomes.model_version END,
    experiment = EXCLUDED.experiment, experiment_version = EXCLUDED.experiment_version, variant = EXCLUDED.variant,
    weights = EXCLUDED.weights

-- name: outcome_validated
-- The answer's part.
INSERT INTO outcomes (tenant, interaction, unit, begun_at, use_case, use_case_version, model, model_version,
    experiment, experiment_version, variant, weights, ended_at, prompt, prompt_version,
    input_uncached, input_cache_read, input_cache_write, output, output_reasoning, latency_ms, attempts,
    cache_state, verdict, unanswerable, checks, checks_failed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
ON CONFLICT (tenant, interaction) DO UPDATE SET begun_at = least(outcomes.begun_at, EXCLUDED.begun_at),
    ended_at = least(outcomes.ended_at, EXCLUDED.ended_at), use_case = EXCLUDED.use_case, use_case_version = EXCLUDED.use_case_version,
    prompt = EXCLUDED.prompt, prompt_version = EXCLUDED.prompt_version, model = EXCLUDED.model, model_version = EXCLUDED.model_version,
    experiment = EXCLUDED.experiment, experiment_version = EXCLUDED.experiment_version, variant = EXCLUDED.variant,
    weights = EXCLUDED.weights, input_uncached = EXCLUDED.input_uncached, input_cache_read = EXCLUDED.input_cache_read,
    input_cache_write = EXCLUDED.input_cache_write, output = EXCLUDED.output, output_reasoning = EXCLUDED.output_reasoning,
    latency_ms = EXCLUDED.latency_ms, attempts = EXCLUDED.attempts, cache_state = EXCLUDED.cache_state, verdict = EXCLUDED.verdict,
    unanswerable = EXCLUDED.unanswerable, checks = EXCLUDED.checks, checks_failed = EXCLUDED.checks_failed

-- name: outcome_refused
-- The refusal's part; attempts of an answer that was refused later stay those of the answer.
INSERT INTO outcomes (tenant, interaction, unit, begun_at, ended_at, use_case, latency_ms, attempts, refused_stage, refused_code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant, interaction) DO UPDATE SET begun_at = least(outcomes.begun_at, EXCLUDED.begun_at),
    ended_at = least(outcomes.ended_at, EXCLUDED.ended_at), use_case = coalesce(outcomes.use_case, EXCLUDED.use_case),
    latency_ms = CASE WHEN outcomes.verdict IS NULL THEN EXCLUDED.latency_ms ELSE outcomes.latency_ms END,
    attempts = CASE WHEN outcomes.verdict IS NULL THEN EXCLUDED.attempts ELSE outcomes.attempts END,
    refused_stage = EXCLUDED.refused_stage, refused_code = EXCLUDED.refused_code

-- name: outcome_costed
-- Adds a posting, unless it is in the sum ($10 is its id). Who refused before the use case was known has no other source of it.
INSERT INTO outcomes AS o (tenant, interaction, unit, begun_at, use_case, model, model_version, cost_micros, currency, costed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, ARRAY[$10::text])
ON CONFLICT (tenant, interaction) DO UPDATE SET begun_at = least(o.begun_at, EXCLUDED.begun_at),
    use_case = coalesce(o.use_case, EXCLUDED.use_case), model = coalesce(o.model, EXCLUDED.model),
    model_version = coalesce(o.model_version, EXCLUDED.model_version), cost_micros = coalesce(o.cost_micros, 0) + EXCLUDED.cost_micros,
    currency = coalesce(o.currency, EXCLUDED.currency), costed_by = o.costed_by || EXCLUDED.costed_by
WHERE NOT o.costed_by @> EXCLUDED.costed_by

-- name: outcome_reviewed
-- The last word of a person counts, whatever came first.
INSERT INTO outcomes AS o (tenant, interaction, unit, begun_at, human_score, reviewed_at) VALUES ($1, $2, $3, $4, $5, $4)
ON CONFLICT (tenant, interaction) DO UPDATE SET begun_at = least(o.begun_at, EXCLUDED.begun_at),
    human_score = EXCLUDED.human_score, reviewed_at = EXCLUDED.reviewed_at
WHERE o.reviewed_at IS NULL OR o.reviewed_at < EXCLUDED.reviewed_at

-- name: version_metrics
-- Of a prompt, model, use case or experiment's variant, by version, in a time (its end excluded). Only what has ended counts.
SELECT version, count(*) AS interactions, count(DISTINCT unit) AS units, count(*) FILTER (WHERE refused_code IS NOT NULL) AS refused,
    count(*) FILTER (WHERE verdict = 'release') AS released, count(*) FILTER (WHERE verdict = 'withhold') AS withheld,
    count(*) FILTER (WHERE verdict = 'escalate') AS escalated, count(*) FILTER (WHERE unanswerable) AS unanswerable,
    count(*) FILTER (WHERE cache_state = 'hit') AS cache_hits,
    sum(input_uncached)::bigint AS input_uncached, sum(input_cache_read)::bigint AS input_cache_read,
    sum(input_cache_write)::bigint AS input_cache_write, sum(output)::bigint AS output, sum(output_reasoning)::bigint AS output_reasoning,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) AS latency_ms_p50,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms) AS latency_ms_p95,
    count(human_score) AS human_scores, avg(human_score)::float8 AS human_score
FROM (SELECT o.*, CASE $2 WHEN 'prompt' THEN prompt_version WHEN 'model' THEN model_version
        WHEN 'use_case' THEN use_case_version ELSE experiment_version END AS version
    FROM outcomes o WHERE tenant = $1 AND ended_at IS NOT NULL
    AND begun_at >= coalesce($4, '-infinity'::timestamptz) AND begun_at < coalesce($5, 'infinity'::timestamptz)
    AND (($2 = 'prompt' AND prompt = $3) OR ($2 = 'model' AND model = $3) OR ($2 = 'use_case' AND use_case = $3)
        OR ($2 = 'experiment' AND experiment = $3))) AS of_thing
GROUP BY version ORDER BY version NULLS LAST

-- name: version_costs
-- What was settled, by version and currency: sums of two currencies say nothing.
SELECT CASE $2 WHEN 'prompt' THEN prompt_version WHEN 'model' THEN model_version
    WHEN 'use_case' THEN use_case_version ELSE experiment_version END AS version, currency, sum(cost_micros)::bigint AS micros
FROM outcomes WHERE tenant = $1 AND ended_at IS NOT NULL AND cost_micros IS NOT NULL
AND begun_at >= coalesce($4, '-infinity'::timestamptz) AND begun_at < coalesce($5, 'infinity'::timestamptz)
AND (($2 = 'prompt' AND prompt = $3) OR ($2 = 'model' AND model = $3) OR ($2 = 'use_case' AND use_case = $3)
    OR ($2 = 'experiment' AND experiment = $3))
GROUP BY 1, currency ORDER BY 1, currency

-- name: version_checks
-- Mean score of each check, by version.
SELECT CASE $2 WHEN 'prompt' THEN prompt_version WHEN 'model' THEN model_version
    WHEN 'use_case' THEN use_case_version ELSE experiment_version END AS version, score.key AS check_name, avg(score.value::float8) AS score
FROM outcomes, jsonb_each_text(checks) AS score WHERE tenant = $1 AND ended_at IS NOT NULL
AND begun_at >= coalesce($4, '-infinity'::timestamptz) AND begun_at < coalesce($5, 'infinity'::timestamptz)
AND (($2 = 'prompt' AND prompt = $3) OR ($2 = 'model' AND model = $3) OR ($2 = 'use_case' AND use_case = $3)
    OR ($2 = 'experiment' AND experiment = $3))
GROUP BY 1, 2 ORDER BY 1, 2

-- name: usage_by_use_case
-- Calls, tokens and money of models, by use case. Calls of models that failed beside the one that answered are in the cost.
SELECT model, model_version, use_case, currency, count(*) AS interactions, sum(attempts)::bigint AS attempts,
    sum(input_uncached)::bigint AS input_uncached, sum(input_cache_read)::bigint AS input_cache_read,
    sum(input_cache_write)::bigint AS input_cache_write, sum(output)::bigint AS output, sum(output_reasoning)::bigint AS output_reasoning,
    sum(cost_micros)::bigint AS cost_micros
FROM outcomes WHERE tenant = $1 AND model IS NOT NULL AND ($2::text IS NULL OR model = $2)
AND begun_at >= coalesce($3, '-infinity'::timestamptz) AND begun_at < coalesce($4, 'infinity'::timestamptz)
GROUP BY model, model_version, use_case, currency ORDER BY model, model_version, use_case, currency
