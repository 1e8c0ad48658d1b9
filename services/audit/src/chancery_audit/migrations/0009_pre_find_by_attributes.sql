-- What interactions can be found by, beside the columns of `scopes` and the names in `places`. A version is a name of its own: an event
-- that pins version 3 of `answer` is noted as `answer` and as `answer@3`. The moment stands here too, and never changes: with it one
-- index gives a page in the order of acceptance, however many rows a name has. Nothing personal: a person is a keyed hash.
CREATE TABLE attributes (
    tenant   text        NOT NULL,
    kind     text        NOT NULL,
    name     text        NOT NULL,
    begun_at timestamptz NOT NULL,
    scope    text        NOT NULL,
    by_scope boolean     NOT NULL,
    PRIMARY KEY (tenant, kind, name, begun_at, scope)
);
-- What is shown with its interaction, or erased with it.
CREATE INDEX attributes_scope ON attributes (tenant, scope, kind, name) WHERE by_scope;
-- What was settled for an interaction, in micro-units.
CREATE TABLE costs (
    tenant   text        NOT NULL,
    scope    text        NOT NULL,
    currency text        NOT NULL,
    begun_at timestamptz NOT NULL,
    micros   bigint      NOT NULL,
    PRIMARY KEY (tenant, scope, currency)
);
CREATE INDEX costs_begun ON costs (tenant, currency, begun_at, scope) INCLUDE (micros);
CREATE INDEX costs_micros ON costs (tenant, currency, micros);
-- What was on record before: its attributes stand in sealed payloads, which the service opens a batch at a time, from `next_seq` on.
CREATE TABLE attribute_backfills (
    tenant    text   PRIMARY KEY,
    next_seq  bigint NOT NULL DEFAULT 0,
    until_seq bigint NOT NULL
);
INSERT INTO attribute_backfills (tenant, until_seq) SELECT tenant, size FROM heads WHERE size > 0;
