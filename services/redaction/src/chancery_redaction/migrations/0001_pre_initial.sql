-- Values by pseudonym. A destroyed key (wrapped_key NULL) is erasure: the row stays, the value does not.
CREATE TABLE vault (
    tenant       text        NOT NULL,
    scope        text        NOT NULL,
    token        text        NOT NULL,
    entity_type  text        NOT NULL,
    value_hash   bytea       NOT NULL,
    wrapped_key  bytea,
    sealed_value bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, scope, token),
    UNIQUE (tenant, scope, value_hash)
);
CREATE TABLE interactions (
    tenant      text        NOT NULL,
    interaction text        NOT NULL,
    event_id    text        NOT NULL,
    began_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, interaction)
);
CREATE TABLE completions (
    tenant       text        NOT NULL,
    interaction  text        NOT NULL,
    namespace    text        NOT NULL,
    cause_id     text        NOT NULL,
    completed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, interaction, namespace)
);
