-- name: next_offset
-- Of the first record that is not in the projection.
SELECT next_offset FROM positions WHERE topic = $1

-- name: begin_position
-- At the first record of all.
INSERT INTO positions (topic, next_offset) VALUES ($1, 0) ON CONFLICT DO NOTHING

-- name: lock_position
-- Whoever has it writes; others wait, and find their records written.
SELECT next_offset FROM positions WHERE topic = $1 FOR UPDATE

-- name: move_position
-- With what was read, in one transaction.
UPDATE positions SET next_offset = $2 WHERE topic = $1

-- name: write_things
-- How far each thing's changes go.
INSERT INTO things (tenant, kind, name, sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant, kind, name) DO UPDATE SET sequence = EXCLUDED.sequence

-- name: write_versions
-- A version's body never changes; what was decided about it does.
INSERT INTO versions (
    tenant, kind, name, version, author, drafted_at, body, body_sha256, based_on, comment, origin,
    stage, roles, approvals, founded_from, retired_from)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (tenant, kind, name, version) DO UPDATE SET stage = EXCLUDED.stage, roles = EXCLUDED.roles,
    approvals = EXCLUDED.approvals, retired_from = EXCLUDED.retired_from

-- name: write_activations
-- Every one stays: what was live at a moment is read from them.
INSERT INTO activations (tenant, kind, name, sequence, environment, effective_from, version, reason, emergency, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: write_labels
-- Every move.
INSERT INTO labels (tenant, kind, name, sequence, label, version, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: write_evidence
-- As it was attached.
INSERT INTO evidence (tenant, kind, name, sequence, version, form, title, uri, sha256, summary, passed, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: write_comments
-- As they were made.
INSERT INTO comments (tenant, kind, name, sequence, version, comment, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: write_changes
-- Those that do not count, too.
INSERT INTO changes (place, tenant, kind, name, change_id, type, sequence, version, actor, at, outcome, why, data)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: things_of
-- Of a kind, by name, with their newest versions.
SELECT t.name, t.sequence, (SELECT max(version) FROM versions v WHERE (v.tenant, v.kind, v.name) = (t.tenant, t.kind, t.name)) AS newest
FROM things t WHERE t.tenant = $1 AND t.kind = $2 AND ($3::text IS NULL OR t.name > $3) ORDER BY t.name LIMIT $4

-- name: thing
-- One.
SELECT sequence FROM things WHERE tenant = $1 AND kind = $2 AND name = $3

-- name: versions_of
-- All of a thing, or one.
SELECT * FROM versions WHERE tenant = $1 AND kind = $2 AND name = $3 AND ($4::int IS NULL OR version = $4) ORDER BY version

-- name: activations_of
-- All of a thing.
SELECT environment, version, effective_from, sequence, reason, emergency, actor, at FROM activations
WHERE tenant = $1 AND kind = $2 AND name = $3 ORDER BY sequence

-- name: labels_of
-- Every move of every label.
SELECT sequence, label, version, actor, at FROM labels WHERE tenant = $1 AND kind = $2 AND name = $3 ORDER BY sequence

-- name: labels_now
-- Of a kind: where each label points.
SELECT DISTINCT ON (name, label) name, label, version FROM labels WHERE tenant = $1 AND kind = $2 AND name = ANY($3::text[])
ORDER BY name, label, sequence DESC

-- name: evidence_of
-- All of a thing, or of one version.
SELECT version, form, title, uri, sha256, summary, passed, actor, at FROM evidence
WHERE tenant = $1 AND kind = $2 AND name = $3 AND ($4::int IS NULL OR version = $4) ORDER BY sequence

-- name: comments_of
-- All of a thing.
SELECT sequence, version, comment, actor, at FROM comments WHERE tenant = $1 AND kind = $2 AND name = $3 ORDER BY sequence

-- name: changes_of
-- Newest first.
SELECT place, sequence, type, version, actor, at, outcome, why, change_id, data FROM changes
WHERE tenant = $1 AND kind = $2 AND name = $3 AND place < $4 ORDER BY place DESC LIMIT $5

-- name: live_at
-- Of some owners: what was live in an environment at a moment. The last activation in force, else the highest founded version in force; of
-- either, nothing where it was retired by then. The same as `governed.History.live`, which a test holds it to.
SELECT v.tenant, v.kind, v.name, v.version, v.body_sha256, f.since
FROM things t
CROSS JOIN LATERAL (
    (SELECT a.version, a.effective_from AS since FROM activations a
     WHERE a.tenant = t.tenant AND a.kind = t.kind AND a.name = t.name AND a.environment = $4 AND a.effective_from <= $5
     ORDER BY a.effective_from DESC, a.sequence DESC LIMIT 1)
    UNION ALL
    (SELECT w.version, w.founded_from FROM versions w
     WHERE w.tenant = t.tenant AND w.kind = t.kind AND w.name = t.name AND w.founded_from <= $5
     AND (w.retired_from IS NULL OR $5 < w.retired_from)
     AND NOT EXISTS (SELECT 1 FROM activations a WHERE a.tenant = t.tenant AND a.kind = t.kind AND a.name = t.name
         AND a.environment = $4 AND a.effective_from <= $5)
     ORDER BY w.version DESC LIMIT 1)
) f
JOIN versions v ON v.tenant = t.tenant AND v.kind = t.kind AND v.name = t.name AND v.version = f.version
WHERE t.tenant = ANY($1::text[]) AND ($2::text IS NULL OR t.kind = $2) AND ($3::text[] IS NULL OR t.name = ANY($3))
AND (v.retired_from IS NULL OR $5 < v.retired_from)
ORDER BY v.kind, v.name, v.tenant

-- name: digest
-- Of one table: every row's text, hashed, in the order of the hashes.
SELECT encode(sha256(coalesce(string_agg(h, ''::bytea ORDER BY h), ''::bytea)), 'hex')
FROM (SELECT sha256(convert_to(t::text, 'UTF8')) AS h FROM {table} t) rows

-- name: digest_of_digests
-- Of all.
SELECT encode(sha256(convert_to(string_agg(d, ',' ORDER BY n), 'UTF8')), 'hex') FROM unnest($1::text[]) WITH ORDINALITY AS u (d, n)
