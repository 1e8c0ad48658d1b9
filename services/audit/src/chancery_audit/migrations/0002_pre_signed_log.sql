-- The Merkle tree beside the chain, as far as it is signed: its edge is all that a signer needs to go on. The row's lock makes one writer.
CREATE TABLE logs (
    tenant   text   PRIMARY KEY,
    size     bigint NOT NULL DEFAULT 0,
    frontier bytea  NOT NULL DEFAULT '',
    note     text
);
CREATE TABLE checkpoints (
    tenant    text        NOT NULL,
    size      bigint      NOT NULL,
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, size)
);
CREATE TRIGGER checkpoints_rows BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_table BEFORE TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- C2SP tlog-tiles. The rightmost of a level grows until it has 256 hashes.
CREATE TABLE tiles (
    tenant text     NOT NULL,
    level  smallint NOT NULL,
    index  bigint   NOT NULL,
    hashes bytea    NOT NULL,
    PRIMARY KEY (tenant, level, index)
);
-- What witnesses said of checkpoints, as signature lines.
CREATE TABLE cosignatures (
    tenant  text   NOT NULL,
    size    bigint NOT NULL,
    witness text   NOT NULL,
    line    text   NOT NULL,
    PRIMARY KEY (tenant, witness, size)
);
