-- name: texts_of_documents
-- What stands in the index, document by document, a page at a time.
SELECT p.document_id, p.version, p.collection, p.matter, p.title, array_agg(p.starts_at ORDER BY p.ordinal) AS starts,
    array_agg(p.body ORDER BY p.ordinal) AS bodies FROM passages p
WHERE p.tenant = $1 AND p.document_id IN (SELECT DISTINCT document_id FROM passages WHERE tenant = $1 AND document_id > $2 ORDER BY 1 LIMIT $3)
GROUP BY p.document_id, p.version, p.collection, p.matter, p.title ORDER BY p.document_id

-- name: titles_of_documents
-- Of all versions ever, a page at a time.
SELECT document_id, version, matter, title FROM documents WHERE tenant = $1 AND (document_id, version) > ($2, $3) ORDER BY 1, 2 LIMIT $4

-- name: highest_version
-- Of a document ever published.
SELECT max(version) FROM documents WHERE tenant = $1 AND document_id = $2

-- name: indexed_version
-- Which one of a document stands in the index.
SELECT version FROM documents WHERE tenant = $1 AND document_id = $2 AND state = 'indexed'

-- name: erase_title
-- Of a version.
UPDATE documents SET title = $4 WHERE tenant = $1 AND document_id = $2 AND version = $3

-- name: reasons_of_withdrawals
-- Few, as withdrawals are.
SELECT w.event_id, w.reason, (SELECT matter FROM documents d WHERE d.tenant = w.tenant AND d.document_id = w.document_id ORDER BY version DESC LIMIT 1)
    AS matter FROM withdrawals w WHERE w.tenant = $1

-- name: erase_reason
-- Of a withdrawal.
UPDATE withdrawals SET reason = $3 WHERE tenant = $1 AND event_id = $2

-- name: note_erased_version
-- The first erasure is the one that is told.
INSERT INTO erased_versions AS e (tenant, document_id, version, erased_at, erased_by, titled) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, document_id, version) DO UPDATE SET titled = e.titled OR excluded.titled

-- name: erase_titles_again
-- Whole: what of it named the person is not known any more.
UPDATE documents d SET title = '[erased]' FROM erased_versions e WHERE e.tenant = d.tenant AND e.document_id = d.document_id
AND e.version = d.version AND d.title NOT LIKE '%[erased]%' AND e.titled RETURNING d.version

-- name: versions_again
-- In the index, though erased.
SELECT d.tenant, d.document_id FROM documents d JOIN erased_versions e USING (tenant, document_id, version) WHERE d.state = 'indexed'
