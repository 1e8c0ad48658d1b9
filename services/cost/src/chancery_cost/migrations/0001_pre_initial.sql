CREATE TABLE budgets (
    tenant          text   NOT NULL,
    name            text   NOT NULL,
    period          text   NOT NULL,
    limit_micros    bigint NOT NULL,
    currency        text   NOT NULL,
    reserved_micros bigint NOT NULL DEFAULT 0 CHECK (reserved_micros >= 0),
    spent_micros    bigint NOT NULL DEFAULT 0 CHECK (spent_micros >= 0),
    PRIMARY KEY (tenant, name, period)
);
CREATE TABLE reservations (
    reservation_id text        PRIMARY KEY,
    tenant         text        NOT NULL,
    interaction    text        NOT NULL,
    budget         text        NOT NULL,
    period         text        NOT NULL,
    use_case       text        NOT NULL,
    model          text        NOT NULL,
    model_version  int         NOT NULL,
    amount_micros  bigint      NOT NULL CHECK (amount_micros >= 0),
    price          text        NOT NULL,
    state          text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'released')),
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reservations_by_interaction ON reservations (tenant, interaction);
CREATE INDEX reservations_open ON reservations (created_at) WHERE state = 'open';
CREATE TABLE postings (
    posting_id     text        PRIMARY KEY,
    reservation_id text        NOT NULL REFERENCES reservations,
    tenant         text        NOT NULL,
    interaction    text        NOT NULL,
    use_case       text        NOT NULL,
    budget         text        NOT NULL,
    period         text        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('reserve', 'settle', 'release')),
    amount_micros  bigint      NOT NULL CHECK (amount_micros >= 0),
    currency       text        NOT NULL,
    posted_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX postings_by_interaction ON postings (tenant, interaction);
CREATE INDEX postings_by_time ON postings (tenant, posted_at);
