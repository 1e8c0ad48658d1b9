-- Orders about a data subject: found, exported, erased, over every store. Who it is lies sealed under a key of the order, which is gone when
-- the order ends (NULL), and opens no more (`key_destroyed`) once what wrapped it is destroyed. Read by no reader's role: only the service itself shows them, to officers without walls.
CREATE TABLE subject_orders (
    tenant       text        NOT NULL,
    order_id     text        NOT NULL,
    purpose      text        NOT NULL CHECK (purpose IN ('find', 'export', 'erase')),
    identifiers  integer     NOT NULL,
    pseudonyms   integer     NOT NULL DEFAULT 0,
    reason       text        NOT NULL,
    legal_ground text,
    requested_by text        NOT NULL,
    placed_at    timestamptz NOT NULL,
    phase        text        NOT NULL DEFAULT 'resolve' CHECK (phase IN ('resolve', 'act', 'destroy', 'ended')),
    phase_at     timestamptz NOT NULL,
    told_at      timestamptz NOT NULL,
    wrapped_key  bytea,
    key_destroyed boolean    NOT NULL DEFAULT false,
    sealed       bytea       NOT NULL,
    tenant_held  boolean     NOT NULL DEFAULT false,
    held_matters text[]      NOT NULL DEFAULT '{}',
    holds        text[]      NOT NULL DEFAULT '{}',
    ended_at     timestamptz,
    state        text CHECK (state IN ('done', 'partly')),
    report       text,
    note         text,
    PRIMARY KEY (tenant, order_id)
);
CREATE INDEX subject_orders_open ON subject_orders (placed_at) WHERE wrapped_key IS NOT NULL;
-- Sealed under the order's key.
CREATE TABLE subject_answers (
    tenant   text    NOT NULL,
    order_id text    NOT NULL,
    phase    text    NOT NULL,
    owner    text    NOT NULL,
    part     integer NOT NULL,
    last     boolean NOT NULL,
    sealed   text    NOT NULL,
    PRIMARY KEY (tenant, order_id, phase, owner, part)
);
-- Payloads that were erased alone, while their interaction stays. By event and not by number: a restored trail numbers anew.
CREATE TABLE erased_payloads (
    tenant    text        NOT NULL,
    namespace text        NOT NULL,
    event_id  text        NOT NULL,
    erased_at timestamptz NOT NULL,
    erased_by text        NOT NULL,
    PRIMARY KEY (tenant, namespace, event_id)
);
SELECT guard('erased_payloads', '(SELECT true FROM entries e WHERE e.tenant = erased_payloads.tenant
    AND e.namespace = erased_payloads.namespace AND e.event_id = erased_payloads.event_id LIMIT 1)');
