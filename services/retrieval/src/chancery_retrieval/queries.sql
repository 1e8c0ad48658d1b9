-- name: lock_document
-- Versions and withdrawals of one document happen one after another, whichever process has them.
SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))

-- name: known_versions
-- All versions of a document ever published.
SELECT version, fingerprint, event_id, state, passages, injections, indexed_at FROM documents WHERE tenant = $1 AND document_id = $2

-- name: record_version
-- A version enters the history, or comes back after a withdrawal.
INSERT INTO documents (tenant, document_id, version, collection, matter, title, fingerprint, event_id, state, passages, injections, indexed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (tenant, document_id, version) DO UPDATE
SET event_id = excluded.event_id, state = excluded.state, passages = excluded.passages, injections = excluded.injections,
    indexed_at = excluded.indexed_at, ended_at = NULL

-- name: end_indexed
-- The version that stands in the index leaves it ($3 says how).
UPDATE documents SET state = $3, ended_at = $4 WHERE tenant = $1 AND document_id = $2 AND state = 'indexed'
RETURNING collection, matter, passages

-- name: delete_passages
-- Vectors go with their passages.
DELETE FROM passages WHERE tenant = $1 AND document_id = $2

-- name: insert_passages
-- Arrays in parallel: one statement a document. The headings weigh as much as the text.
WITH incoming AS (
    SELECT * FROM unnest($7::int[], $8::int[], $9::text[], $10::int[], $11::int[], $12::text[], $13::text[], $14::jsonb[], $15::text[])
    AS t (ordinal, section, passage_id, starts_at, ends_at, body, indexed, injections, embedding)
), stored AS (
    INSERT INTO passages (tenant, document_id, version, collection, matter, title,
                          ordinal, section, passage_id, starts_at, ends_at, body, injections, search)
    SELECT $1::text, $2::text, $3::int, $4::text, $5::text, $6::text,
           ordinal, section, passage_id, starts_at, ends_at, body, injections, to_tsvector('english', indexed)
    FROM incoming ORDER BY ordinal
    RETURNING key, ordinal
)
INSERT INTO vectors (key, tenant, collection, matter, embedding)
SELECT stored.key, $1, $4, $5, incoming.embedding::halfvec(384) FROM stored JOIN incoming USING (ordinal)

-- name: take_from_shelf
-- A version left; the change's number makes the snapshot.
UPDATE shelves SET passages = passages - $4, changed = nextval('shelf_changes')
WHERE tenant = $1 AND collection = $2 AND matter = coalesce($3, '')

-- name: put_on_shelf
-- How much stands there now.
INSERT INTO shelves (tenant, collection, matter, passages, changed) VALUES ($1, $2, coalesce($3, ''), $4, nextval('shelf_changes'))
ON CONFLICT (tenant, collection, matter) DO UPDATE SET passages = shelves.passages + $4, changed = nextval('shelf_changes')

-- name: add_lexemes
-- After the shelf, whose row lets one writer at a time through.
INSERT INTO lexemes (tenant, collection, matter, lexeme, passages)
SELECT $1, $2, coalesce($3, ''), lexeme, count(*) FROM passages, unnest(tsvector_to_array(search)) AS lexeme
WHERE tenant = $1 AND document_id = $4 GROUP BY lexeme ORDER BY lexeme
ON CONFLICT (tenant, collection, matter, lexeme) DO UPDATE SET passages = lexemes.passages + excluded.passages

-- name: subtract_lexemes
-- Before the passages go.
UPDATE lexemes SET passages = lexemes.passages - gone.passages
FROM (SELECT lexeme, count(*) AS passages FROM passages, unnest(tsvector_to_array(search)) AS lexeme
      WHERE tenant = $1 AND document_id = $4 GROUP BY lexeme) AS gone
WHERE lexemes.tenant = $1 AND lexemes.collection = $2 AND lexemes.matter = coalesce($3, '') AND lexemes.lexeme = gone.lexeme

-- name: delete_lexemes
-- No word outlives the last passage that held it.
DELETE FROM lexemes WHERE tenant = $1 AND collection = $2 AND matter = coalesce($3, '') AND passages <= 0

-- name: record_withdrawal
-- A withdrawal takes effect once, by the id of its event.
INSERT INTO withdrawals (event_id, tenant, document_id, reason, withdrawn_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, event_id) DO NOTHING

-- name: shelves_in_scope
-- What will be searched, and as of which change.
SELECT collection, matter, changed FROM shelves
WHERE tenant = $1 AND collection = ANY($2) AND matter IN ('', coalesce($3, '')) ORDER BY collection, matter

-- name: walk_further
-- The HNSW walk goes on until enough rows pass the filter (pgvector 0.8), in exact order, up to a bound.
SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '200', true),
       set_config('hnsw.max_scan_tuples', '40000', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_sort', 'off', true)

-- name: any_word
-- The words of a question, any of which may match: stemmed, stop words gone.
SELECT coalesce(string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | '), '')
FROM unnest(tsvector_to_array(to_tsvector('english', $1))) AS lexeme

-- name: known_words
-- The words of a question, stemmed, stop words gone, in how many passages in scope each stands, and how many there are.
WITH known AS (
    SELECT asked.lexeme, sum(lexemes.passages)::bigint AS passages
    FROM unnest(tsvector_to_array(to_tsvector('english', $4))) AS asked (lexeme)
    JOIN lexemes ON lexemes.lexeme = asked.lexeme AND tenant = $1 AND collection = ANY($2) AND matter IN ('', coalesce($3, ''))
    GROUP BY asked.lexeme HAVING sum(lexemes.passages) > 0
)
SELECT coalesce((SELECT array_agg(lexeme) FROM known), '{}') AS lexemes, coalesce((SELECT array_agg(passages) FROM known), '{}') AS counts,
       (SELECT coalesce(sum(passages), 0)::bigint FROM shelves
        WHERE tenant = $1 AND collection = ANY($2) AND matter IN ('', coalesce($3, ''))) AS in_scope

-- name: search
-- One statement sees one moment. Vectors are compared one by one ("+ 0" keeps the planner from the HNSW index) unless $9.
-- Rare words ($6) select, all words ($7) with their weights ($8) rank; ts_rank of one word saturates with its frequency.
WITH selected AS MATERIALIZED (
    SELECT key, search FROM passages
    WHERE search @@ $6::text::tsquery AND tenant = $1 AND collection = ANY($2) AND (matter IS NULL OR matter = $3)
), words AS (
    SELECT word::tsquery, weight FROM unnest($7::text[], $8::float8[]) AS t (word, weight)
)
SELECT
    CASE WHEN $9 THEN ARRAY(
        SELECT key FROM vectors WHERE tenant = $1 AND collection = ANY($2) AND (matter IS NULL OR matter = $3)
        ORDER BY embedding <#> $4::text::halfvec(384) LIMIT $5
    ) ELSE ARRAY(
        SELECT key FROM vectors WHERE tenant = $1 AND collection = ANY($2) AND (matter IS NULL OR matter = $3)
        ORDER BY (embedding <#> $4::text::halfvec(384)) + 0, key LIMIT $5
    ) END AS by_vector,
    ARRAY(SELECT key FROM selected CROSS JOIN words GROUP BY key ORDER BY sum(weight * ts_rank(search, word)) DESC, key LIMIT $5) AS by_text,
    ARRAY(SELECT json_build_array(collection, matter, changed)::text FROM shelves
          WHERE tenant = $1 AND collection = ANY($2) AND matter IN ('', coalesce($3, '')) ORDER BY collection, matter) AS shelves

-- name: passages_by_key
-- The barrier once more: no key gets a passage out of its scope.
SELECT key, passage_id, document_id, version, title, starts_at, ends_at, body, section, injections FROM passages
WHERE key = ANY($4) AND tenant = $1 AND collection = ANY($2) AND (matter IS NULL OR matter = $3)

-- name: titles_in_scope
-- Documents whose title shares a word with the question.
SELECT document_id, version, title FROM documents
WHERE state = 'indexed' AND tenant = $1 AND collection = ANY($2) AND (matter IS NULL OR matter = $3)
  AND to_tsvector('english', title) @@ $4::text::tsquery
ORDER BY ts_rank(to_tsvector('english', title), $4::text::tsquery) DESC, document_id LIMIT 50

-- name: passages_of_document
-- A document from beginning to end.
SELECT key, passage_id, document_id, version, title, starts_at, ends_at, body, section, injections FROM passages
WHERE tenant = $1 AND collection = ANY($2) AND (matter IS NULL OR matter = $3) AND document_id = $4 AND version = $5
ORDER BY ordinal

-- name: list_documents
-- What stands in the index, for operators.
SELECT tenant, document_id, version, collection, matter, title, passages, injections, indexed_at FROM documents
WHERE state = 'indexed' AND ($1::text IS NULL OR tenant = $1) ORDER BY tenant, collection, document_id LIMIT $2
