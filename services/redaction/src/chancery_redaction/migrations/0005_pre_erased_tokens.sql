-- What was erased for a person: a pseudonym, or a subject's id. Learnt again from the `privacy` topic, so that a restored backup is erased again.
CREATE TABLE erased_tokens (
    tenant    text        NOT NULL,
    scope     text        NOT NULL,
    name      text        NOT NULL,
    erased_at timestamptz NOT NULL,
    erased_by text        NOT NULL,
    PRIMARY KEY (tenant, scope, name)
);
