-- name: find_page
-- A page in the order of acceptance: out of one source, the narrowest of what is asked for; the rest is looked up row by row. `$2` is the
-- source's kind, which needs no second look. Where it has several names, each gives a page, and the first of all of them are taken.
-- A LIMIT of one name keeps the planner from looking for a row's attributes without their names; (SELECT true … LIMIT 1) and not EXISTS keeps
-- it from reading a whole table beneath row-level security.
SELECT DISTINCT begun_at, scope FROM unnest($17::text[]) AS one (name) CROSS JOIN LATERAL (SELECT begun_at, scope FROM {source}
AND s.interaction IS NOT NULL AND ($3::text IS NULL OR s.use_case = $3)
AND ($4::text IS NULL OR $2::text = 'matter' OR (
    SELECT true FROM places x WHERE x.tenant = $1 AND x.kind = 'matter' AND x.name = $4 AND x.scope = s.scope LIMIT 1))
AND ($5::text IS NULL OR $2::text = 'conversation' OR (
    SELECT true FROM places x WHERE x.tenant = $1 AND x.kind = 'conversation' AND x.name = $5 AND x.scope = s.scope LIMIT 1))
AND ($6::timestamptz IS NULL OR begun_at >= $6) AND ($7::timestamptz IS NULL OR begun_at < $7)
AND ($8::text IS NULL OR ($8 = 'erased' AND s.erased_at IS NOT NULL) OR ($8 = 'ended' AND s.erased_at IS NULL AND s.ended_at IS NOT NULL)
     OR ($8 = 'open' AND s.erased_at IS NULL AND s.ended_at IS NULL))
AND ($9::text[] = '{{}}' OR (SELECT count(DISTINCT w.kind) FROM unnest($9::text[], $10::text[]) AS w (kind, name) CROSS JOIN LATERAL (
    SELECT 1 FROM attributes x WHERE x.tenant = $1 AND x.kind = w.kind AND x.name = w.name AND x.begun_at = s.begun_at AND x.scope = s.scope
    LIMIT 1) AS there) = $11::int)
AND ($12::text IS NULL OR $2::text = 'cost' OR (
    SELECT true FROM costs x WHERE x.tenant = $1 AND x.scope = s.scope AND x.currency = $12 AND x.micros BETWEEN $13::bigint AND $14::bigint LIMIT 1))
AND ($15::timestamptz IS NULL OR (begun_at, scope) > ($15, $16::text))
AND ($6 IS NULL OR s.begun_at >= $6) AND ($15 IS NULL OR s.begun_at >= $15) -- says it of the scopes too: a plan may begin with them
ORDER BY begun_at, scope LIMIT $18) AS found ORDER BY begun_at, scope LIMIT $18

-- name: find_in_scopes
-- All, or those of a use case.
scopes s WHERE tenant = $1

-- name: find_in_places
-- Of one matter or one conversation.
places a JOIN scopes s USING (tenant, scope) WHERE tenant = $1 AND a.kind = $2 AND a.name = one.name

-- name: find_in_attributes
-- Of names: their index is in the order of the page.
attributes a JOIN scopes s USING (tenant, begun_at, scope) WHERE tenant = $1 AND a.kind = $2 AND a.name = one.name

-- name: find_in_costs
-- Of a range: by its index where it is narrow, else in the order of the page.
costs a JOIN scopes s USING (tenant, begun_at, scope) WHERE tenant = $1 AND a.currency = $12 AND a.micros BETWEEN $13 AND $14

-- name: size_sources
-- How many rows each possible source has, from a moment on: counted no further than it takes to know that it is not narrow, and from there on
-- guessed by how close together they lie in time. What no index has in that order is taken to be wide.
SELECT source, sum(CASE WHEN many < $11 THEN many WHEN last IS NULL THEN 100 * many
    ELSE many * greatest(1, extract(epoch FROM now() - first) / greatest(1, extract(epoch FROM last - first))) END)::float8 AS size
FROM (
    SELECT 'use_case' AS source, n.* FROM (SELECT count(*) AS many, min(begun_at) AS first, max(begun_at) AS last FROM (
        SELECT begun_at FROM scopes WHERE tenant = $1 AND use_case = $2 AND interaction IS NOT NULL AND begun_at >= $10
        ORDER BY begun_at LIMIT $11) AS counted) AS n WHERE $2::text IS NOT NULL
    UNION ALL SELECT w.kind, n.* FROM unnest($3::text[], $4::text[]) AS w (kind, name) CROSS JOIN LATERAL (
        SELECT count(*), null::timestamptz, null::timestamptz FROM (
        SELECT 1 FROM places WHERE tenant = $1 AND kind = w.kind AND name = w.name LIMIT $11) AS counted) AS n
    UNION ALL SELECT w.kind, n.* FROM unnest($5::text[], $6::text[]) AS w (kind, name) CROSS JOIN LATERAL (
        SELECT count(*), min(begun_at), max(begun_at) FROM (SELECT begun_at FROM attributes WHERE tenant = $1 AND kind = w.kind
            AND name = w.name AND begun_at >= $10 ORDER BY begun_at LIMIT $11) AS counted) AS n
    UNION ALL SELECT 'cost', n.* FROM (SELECT count(*), null::timestamptz, null::timestamptz FROM (SELECT 1 FROM costs
        WHERE tenant = $1 AND currency = $7 AND micros BETWEEN $8 AND $9 LIMIT $11) AS counted) AS n WHERE $7::text IS NOT NULL
) AS sized GROUP BY source

-- name: found_interactions
-- What is told of the interactions of a page.
SELECT s.interaction, s.use_case, s.begun_at, s.ended_at, s.erased_at,
    ARRAY(SELECT name FROM places p WHERE p.tenant = $1 AND p.kind = 'matter' AND p.scope = s.scope ORDER BY name) AS matters,
    ARRAY(SELECT name FROM places p WHERE p.tenant = $1 AND p.kind = 'conversation' AND p.scope = s.scope ORDER BY name) AS conversations,
    ARRAY(SELECT ARRAY[kind, name] FROM attributes a WHERE a.tenant = $1 AND a.scope = s.scope AND a.kind NOT IN ('document', 'person')
        ORDER BY kind, name) AS told,
    ARRAY(SELECT ARRAY[currency, micros::text] FROM costs c WHERE c.tenant = $1 AND c.scope = s.scope ORDER BY currency) AS settled
FROM scopes s WHERE s.tenant = $1 AND s.scope = ANY($2::text[]) ORDER BY s.begun_at, s.scope

-- name: place_of
-- Where an interaction stands in the order of acceptance.
SELECT begun_at, scope FROM scopes WHERE tenant = $1 AND scope = 'interaction/' || $2 AND interaction IS NOT NULL

-- name: versions_of
-- Names of all versions: the index is skipped through, however long it is.
WITH RECURSIVE versions AS (
    (SELECT name FROM attributes WHERE tenant = $1 AND kind = $2 AND name > $3::text || '@' AND name < $3 || 'A' ORDER BY name LIMIT 1)
    UNION ALL SELECT n.name FROM versions v CROSS JOIN LATERAL (SELECT name FROM attributes
        WHERE tenant = $1 AND kind = $2 AND name > v.name AND name < $3 || 'A' ORDER BY name LIMIT 1) n
) SELECT name FROM versions LIMIT $4

-- name: sort_rows
-- 'off': an index that is in the order of the page is read in it, from where the page begins, and each row's scope is looked up. How many rows
-- a name has is not known when a plan is made.
SELECT set_config(setting, $1, true) FROM unnest(ARRAY['enable_sort', 'enable_mergejoin', 'enable_hashjoin']) AS setting
