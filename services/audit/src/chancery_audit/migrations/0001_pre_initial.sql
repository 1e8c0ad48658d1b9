-- The end of each tenant's chain; its row lock makes the chain sequential.
CREATE TABLE heads (
    tenant         text   PRIMARY KEY,
    size           bigint NOT NULL DEFAULT 0,
    link           bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    published_size bigint NOT NULL DEFAULT 0
);
CREATE TABLE entries (
    tenant      text        NOT NULL,
    seq         bigint      NOT NULL,
    namespace   text        NOT NULL,
    event_id    text        NOT NULL,
    type        text        NOT NULL,
    event_time  timestamptz NOT NULL,
    interaction text,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    "offset"    bigint      NOT NULL,
    leaf        bytea       NOT NULL,
    leaf_hash   bytea       NOT NULL,
    link        bytea       NOT NULL,
    digest      bytea       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, seq)
);
CREATE UNIQUE INDEX entries_event ON entries (tenant, namespace, event_id);
CREATE INDEX entries_interaction ON entries (tenant, interaction, seq) WHERE interaction IS NOT NULL;
CREATE INDEX entries_type ON entries (tenant, type, seq);
CREATE INDEX entries_time ON entries (tenant, event_time);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER entries_rows BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_table BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Beside the chain and deletable: without its payload an entry's leaf, hash and link stay what they are.
CREATE TABLE payloads (
    tenant text   NOT NULL,
    seq    bigint NOT NULL,
    scope  text   NOT NULL,
    sealed bytea  NOT NULL,
    PRIMARY KEY (tenant, seq)
);
-- Wrapped by the key service. Deleting a row erases every payload of its scope, wherever copies of it lie.
CREATE TABLE data_keys (
    tenant  text  NOT NULL,
    scope   text  NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (tenant, scope)
);
-- One id with two contents: what came second.
CREATE TABLE alarms (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       text        NOT NULL,
    namespace    text        NOT NULL,
    event_id     text        NOT NULL,
    recorded_seq bigint      NOT NULL,
    topic        text        NOT NULL,
    partition    integer     NOT NULL,
    "offset"     bigint      NOT NULL,
    digest       bytea       NOT NULL,
    scope        text        NOT NULL,
    sealed       bytea       NOT NULL,
    raised_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (topic, partition, "offset")
);
CREATE INDEX alarms_tenant ON alarms (tenant, id);
-- Recorded offsets: first, after the last, first, after the last, …
CREATE TABLE offset_ranges (
    topic     text     NOT NULL,
    partition integer  NOT NULL,
    bounds    bigint[] NOT NULL,
    PRIMARY KEY (topic, partition)
);

-- Records on audited topics that are no events; their bytes are dead letters of the stage that they were meant for.
CREATE TABLE unreadable (
    topic       text    NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint  NOT NULL,
    recorded_ms bigint  NOT NULL,
    reason      text    NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);
