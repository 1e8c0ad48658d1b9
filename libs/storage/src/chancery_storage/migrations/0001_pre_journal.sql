-- What a stage answered to an event, so that a redelivery is answered the same (architecture, Delivery §2).
CREATE TABLE journal (
    cause_id  text        NOT NULL,
    stage     text        NOT NULL,
    stored_at timestamptz NOT NULL,
    sealed    boolean     NOT NULL,
    body      bytea       NOT NULL,
    PRIMARY KEY (cause_id, stage)
);
CREATE INDEX journal_stored_at ON journal (stored_at);
