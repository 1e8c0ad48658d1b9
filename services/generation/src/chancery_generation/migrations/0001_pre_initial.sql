CREATE TABLE calls (
    cause_id text NOT NULL,
    ordinal integer NOT NULL CHECK (ordinal >= 1),
    model_name text NOT NULL,
    model_version integer NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text,
    status integer,
    latency_ms integer,
    usage text,
    raw_usage text,
    PRIMARY KEY (cause_id, ordinal)
);
CREATE INDEX calls_started_at ON calls (started_at);

CREATE TABLE answers (
    cause_id text PRIMARY KEY,
    ordinal integer NOT NULL,
    answer text NOT NULL,
    stored_at timestamptz NOT NULL,
    FOREIGN KEY (cause_id, ordinal) REFERENCES calls (cause_id, ordinal) ON DELETE CASCADE
);
