-- A key per data subject and scope: destroyed (wrapped_key NULL), it takes all values of the subject with it.
CREATE TABLE subjects (
    tenant      text        NOT NULL,
    scope       text        NOT NULL,
    subject     text        NOT NULL,
    wrapped_key bytea,
    erased_at   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, scope, subject)
);
-- NULL: a row of before, under a key of its own (wrapped_key). Others have no wrapped_key, and their subject's key opens them.
ALTER TABLE vault ADD COLUMN subject text;
CREATE INDEX vault_subject ON vault (tenant, scope, subject) WHERE subject IS NOT NULL;
CREATE INDEX vault_own_keys ON vault (tenant, scope, token) WHERE subject IS NULL AND wrapped_key IS NOT NULL;
-- What was erased before stays erased, and its value, should it come again, becomes a new row: nothing may find the old one by its hash.
UPDATE vault SET sealed_value = '', value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
WHERE wrapped_key IS NULL AND subject IS NULL;
