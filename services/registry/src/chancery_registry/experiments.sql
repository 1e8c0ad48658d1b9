-- name: experiments_uncounted
-- Versions of experiments that have interactions which are not in a unit.
SELECT DISTINCT tenant, experiment, experiment_version FROM outcomes WHERE experiment IS NOT NULL AND NOT counted

-- name: lock_experiment
-- Units of one version get their numbers one after the other; false: another instance is at it.
SELECT pg_try_advisory_xact_lock(hashtextextended('chancery experiment ' || $1 || '/' || $2 || '/' || $3::text, 0))

-- name: pass_over_late
-- Interactions of a unit that is counted change nothing any more.
UPDATE outcomes o SET counted = true FROM experiment_units u
WHERE o.tenant = $1 AND o.experiment = $2 AND o.experiment_version = $3 AND NOT o.counted
AND u.tenant = o.tenant AND u.experiment = o.experiment AND u.version = o.experiment_version AND u.unit = o.unit

-- name: units_begun
-- Units whose window is over, in the order in which they began, with the interactions in it.
WITH begun AS (
    SELECT unit, min(begun_at) AS began_at FROM outcomes
    WHERE tenant = $1 AND experiment = $2 AND experiment_version = $3 AND NOT counted
    GROUP BY unit HAVING min(begun_at) + $4::interval < $5 ORDER BY 2, 1 LIMIT $6
)
SELECT b.unit AS of_unit, b.began_at, o.* FROM begun b JOIN outcomes o ON o.tenant = $1 AND o.experiment = $2
AND o.experiment_version = $3 AND o.unit = b.unit AND o.begun_at <= b.began_at + $4::interval
ORDER BY b.began_at, b.unit, o.begun_at, o.interaction

-- name: last_unit
-- The number of the last unit.
SELECT coalesce(max(sequence), 0) FROM experiment_units WHERE tenant = $1 AND experiment = $2 AND version = $3

-- name: add_unit
-- One that counts from now on.
INSERT INTO experiment_units (tenant, experiment, version, sequence, unit, began_at, variant, weights, "values")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: mark_counted
-- All interactions of units that count.
UPDATE outcomes SET counted = true WHERE tenant = $1 AND experiment = $2 AND experiment_version = $3 AND unit = ANY($4::text[])

-- name: units_after
-- In their order.
SELECT sequence, variant, weights, "values" FROM experiment_units
WHERE tenant = $1 AND experiment = $2 AND version = $3 AND sequence > $4 ORDER BY sequence LIMIT $5
