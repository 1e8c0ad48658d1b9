-- How each interaction went, by the versions that it ran under. Filled by events in any order; no text, no personal data.
CREATE TABLE outcomes (
    tenant             text        NOT NULL,
    interaction        text        NOT NULL,
    unit               text        NOT NULL,  -- what an experiment assigns: the conversation, else the interaction
    begun_at           timestamptz NOT NULL,  -- of `authorised`; until that came, of the first event of this interaction that did
    ended_at           timestamptz,           -- of `validated` or `refused`; null: under way
    use_case           text,
    use_case_version   int,                   -- null: refused before it was known which
    prompt             text,                  -- what wrote the answer; null: refused, or under way
    prompt_version     int,
    model              text,                  -- which answered, else the one that was to
    model_version      int,
    experiment         text,
    experiment_version int,
    variant            text,
    weights            jsonb,                 -- by which the variant was drawn
    input_uncached     bigint      NOT NULL DEFAULT 0,
    input_cache_read   bigint      NOT NULL DEFAULT 0,
    input_cache_write  bigint      NOT NULL DEFAULT 0,
    output             bigint      NOT NULL DEFAULT 0,
    output_reasoning   bigint      NOT NULL DEFAULT 0,
    latency_ms         bigint,                -- of all attempts one after the other; null: no answer
    attempts           int         NOT NULL DEFAULT 0,
    cost_micros        bigint,                -- sum of what was settled; null: nothing yet
    currency           text,
    costed_by          text[]      NOT NULL DEFAULT '{}',  -- ids of the postings in it, so that none counts twice
    cache_state        text,
    verdict            text,
    unanswerable       boolean,
    checks             jsonb       NOT NULL DEFAULT '{}',  -- score by check
    checks_failed      text[]      NOT NULL DEFAULT '{}',
    refused_stage      text,
    refused_code       text,
    human_score        real,                  -- 1: a person released it, 0: withheld it
    reviewed_at        timestamptz,
    counted            boolean     NOT NULL DEFAULT false,  -- its unit is in `experiment_units`
    PRIMARY KEY (tenant, interaction)
);
CREATE INDEX outcomes_by_prompt ON outcomes (tenant, prompt, begun_at) WHERE prompt IS NOT NULL;
CREATE INDEX outcomes_by_model ON outcomes (tenant, model, begun_at) WHERE model IS NOT NULL;
CREATE INDEX outcomes_by_use_case ON outcomes (tenant, use_case, begun_at) WHERE use_case IS NOT NULL;
CREATE INDEX outcomes_by_unit ON outcomes (tenant, experiment, experiment_version, unit) WHERE experiment IS NOT NULL;
CREATE INDEX outcomes_uncounted ON outcomes (tenant, experiment, experiment_version, begun_at) WHERE experiment IS NOT NULL AND NOT counted;
-- Units in the order in which an experiment has counted them. Nothing is ever changed here: what was decided on it can be decided again.
CREATE TABLE experiment_units (
    tenant     text        NOT NULL,
    experiment text        NOT NULL,
    version    int         NOT NULL,
    sequence   bigint      NOT NULL,
    unit       text        NOT NULL,
    began_at   timestamptz NOT NULL,
    variant    text        NOT NULL,
    weights    jsonb       NOT NULL,
    "values"   jsonb       NOT NULL,  -- by metric
    PRIMARY KEY (tenant, experiment, version, sequence),
    UNIQUE (tenant, experiment, version, unit)
);
