CREATE TABLE heads (
    tenant         text   PRIMARY KEY,
    size           bigint NOT NULL,
    link           bytea  NOT NULL,
    published_size bigint NOT NULL DEFAULT 0
);
-- The trail. Nothing here holds a payload, so nothing here is ever changed.
CREATE TABLE entries (
    tenant       text   NOT NULL,
    seq          bigint NOT NULL,
    event_id     text   NOT NULL,
    namespace    text   NOT NULL,
    type         text   NOT NULL,
    interaction  text,
    recorded_ms  bigint NOT NULL,
    content_hash bytea  NOT NULL,
    leaf         bytea  NOT NULL,
    link         bytea  NOT NULL,
    PRIMARY KEY (tenant, seq),
    UNIQUE (tenant, namespace, event_id)
);
CREATE INDEX entries_by_interaction ON entries (tenant, interaction, recorded_ms);
CREATE INDEX entries_by_time ON entries (tenant, recorded_ms);
-- Payloads lie beside the trail, sealed and deletable: without one, every link still verifies.
CREATE TABLE payloads (
    tenant      text    NOT NULL,
    seq         bigint  NOT NULL,
    sealed      bytea,
    wrapped_key bytea,
    context     text    NOT NULL,
    erased      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, seq)
);
CREATE TABLE alarms (
    tenant text NOT NULL, namespace text NOT NULL, event_id text NOT NULL, kind text NOT NULL,
    topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL,
    sealed bytea NOT NULL, wrapped_key bytea NOT NULL, context text NOT NULL, raised_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, record_offset)
);
CREATE TABLE offset_ranges (
    topic text NOT NULL, partition int NOT NULL, first_offset bigint NOT NULL, next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition, first_offset)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TABLE unreadable (
    topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL, recorded_ms bigint NOT NULL, reason text NOT NULL,
    PRIMARY KEY (topic, partition, record_offset)
);
