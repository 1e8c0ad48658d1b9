-- What interactions can be found by, beside the columns of `scopes` and the names in `places`; versions as `name@version`. The moment
-- stands here too, and never changes: with it one index gives a page in the order of acceptance, however many rows a name has. By bytes,
-- so that all versions of a name lie between `name@` and `nameA`. Nothing personal: a person is a keyed hash.
CREATE TABLE attributes (
    tenant   text             NOT NULL,
    kind     text             NOT NULL,
    name     text COLLATE "C" NOT NULL,
    begun_at timestamptz      NOT NULL,
    scope    text             NOT NULL,
    PRIMARY KEY (tenant, kind, name, begun_at, scope)
);
-- What is shown with its interaction, or erased with it.
CREATE INDEX attributes_scope ON attributes (tenant, scope, kind, name) WHERE kind <> 'document';
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
-- Few among many.
CREATE INDEX scopes_erased ON scopes (tenant, begun_at, scope) WHERE erased_at IS NOT NULL AND interaction IS NOT NULL;
-- What was on record before: its attributes stand in sealed payloads, which the service opens a batch at a time, from `next_seq` on.
CREATE TABLE attribute_backfills (
    tenant    text   PRIMARY KEY,
    next_seq  bigint NOT NULL DEFAULT 0,
    until_seq bigint NOT NULL
);
INSERT INTO attribute_backfills (tenant, until_seq) SELECT tenant, size FROM heads WHERE size > 0;
