CREATE TABLE steps (
    tenant        text   NOT NULL,
    interaction   text   NOT NULL,
    stage         text   NOT NULL,
    at_ms         bigint NOT NULL,
    topic         text   NOT NULL,
    partition     int    NOT NULL,
    record_offset bigint NOT NULL,
    PRIMARY KEY (tenant, interaction, stage)
);
CREATE TABLE accepted (
    tenant      text        NOT NULL,
    interaction text        NOT NULL,
    fingerprint bytea       NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, interaction)
);
