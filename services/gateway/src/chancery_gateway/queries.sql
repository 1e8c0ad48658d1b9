-- name: add_steps
-- A batch of steps; one that is known changes nothing.
INSERT INTO steps (tenant, interaction, stage, at_ms, topic, partition, record_offset)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::int[], $7::bigint[])
ON CONFLICT (tenant, interaction, stage) DO NOTHING

-- name: find_steps
-- One interaction's steps.
SELECT tenant, interaction, stage, at_ms, topic, partition, record_offset FROM steps WHERE tenant = $1 AND interaction = $2

-- name: claim_interaction
-- The first body has the id; the fingerprint tells a retry from another request.
INSERT INTO accepted (tenant, interaction, fingerprint) VALUES ($1, $2, $3)
ON CONFLICT (tenant, interaction) DO UPDATE SET fingerprint = accepted.fingerprint RETURNING fingerprint

-- name: is_accepted
-- Accepted here, though no stage may have seen it yet.
SELECT accepted_at FROM accepted WHERE tenant = $1 AND interaction = $2
