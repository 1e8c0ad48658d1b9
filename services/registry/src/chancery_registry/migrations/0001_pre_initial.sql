-- A projection of the topic `registry`: nothing here is a truth of its own, and no column says when it was written.
CREATE TABLE positions (
    topic       text   PRIMARY KEY,
    next_offset bigint NOT NULL
);
CREATE TABLE things (
    tenant   text NOT NULL,
    kind     text NOT NULL,
    name     text NOT NULL,
    sequence int  NOT NULL,
    PRIMARY KEY (tenant, kind, name)
);
CREATE TABLE versions (
    tenant       text        NOT NULL,
    kind         text        NOT NULL,
    name         text        NOT NULL,
    version      int         NOT NULL,
    author       text        NOT NULL,
    drafted_at   timestamptz NOT NULL,
    body         json        NOT NULL,
    body_sha256  text        NOT NULL,
    based_on     int,
    comment      text        NOT NULL,
    origin       text,
    stage        text        NOT NULL,
    roles        text[]      NOT NULL,
    approvals    json        NOT NULL,
    founded_from timestamptz,
    retired_from timestamptz,
    PRIMARY KEY (tenant, kind, name, version)
);
CREATE TABLE activations (
    tenant         text        NOT NULL,
    kind           text        NOT NULL,
    name           text        NOT NULL,
    sequence       int         NOT NULL,
    environment    text        NOT NULL,
    effective_from timestamptz NOT NULL,
    version        int         NOT NULL,
    reason         text        NOT NULL,
    emergency      boolean     NOT NULL,
    actor          text        NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (tenant, kind, name, sequence)
);
CREATE INDEX activations_in_force ON activations (tenant, kind, name, environment, effective_from DESC, sequence DESC);
CREATE TABLE labels (
    tenant   text        NOT NULL,
    kind     text        NOT NULL,
    name     text        NOT NULL,
    sequence int         NOT NULL,
    label    text        NOT NULL,
    version  int,
    actor    text        NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (tenant, kind, name, sequence)
);
CREATE TABLE evidence (
    tenant   text        NOT NULL,
    kind     text        NOT NULL,
    name     text        NOT NULL,
    sequence int         NOT NULL,
    version  int         NOT NULL,
    form     text        NOT NULL,
    title    text        NOT NULL,
    uri      text,
    sha256   text,
    summary  text        NOT NULL,
    passed   boolean,
    actor    text        NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (tenant, kind, name, sequence)
);
CREATE TABLE comments (
    tenant   text        NOT NULL,
    kind     text        NOT NULL,
    name     text        NOT NULL,
    sequence int         NOT NULL,
    version  int,
    comment  text        NOT NULL,
    actor    text        NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (tenant, kind, name, sequence)
);
-- Every record of the topic, by its offset: those that count, those that do not and why, and those that came again.
CREATE TABLE changes (
    place     bigint      PRIMARY KEY,
    tenant    text        NOT NULL,
    kind      text        NOT NULL,
    name      text        NOT NULL,
    change_id text        NOT NULL,
    type      text        NOT NULL,
    sequence  int,
    version   int,
    actor     text        NOT NULL,
    at        timestamptz NOT NULL,
    outcome   text        NOT NULL CHECK (outcome IN ('counted', 'refused', 'repeated')),
    why       text,
    data      json        NOT NULL
);
CREATE INDEX changes_of_thing ON changes (tenant, kind, name, place);
CREATE INDEX changes_by_id ON changes (tenant, change_id);
