-- Where checkpoints were put that the operator cannot take back, and the evidence for it: a time stamp (`at` is the authority's time), or a place.
CREATE TABLE anchors (
    tenant    text        NOT NULL,
    kind      text        NOT NULL,
    size      bigint      NOT NULL,
    at        timestamptz NOT NULL,
    evidence  bytea       NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, kind, size)
);
-- Newest first, over all kinds.
CREATE INDEX anchors_size ON anchors (tenant, size);
CREATE TRIGGER anchors_rows BEFORE UPDATE OR DELETE ON anchors FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER anchors_table BEFORE TRUNCATE ON anchors FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
