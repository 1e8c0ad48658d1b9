-- Keys that open the trail. Of a secret only its SHA-256 is kept. Readers have no right to this table.
CREATE TABLE access_keys (
    key           text        PRIMARY KEY,
    name          text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('auditor', 'officer', 'operator')),
    tenants       text[],
    matters       text[],
    excepted      text[]      NOT NULL DEFAULT '{}',
    secret_sha256 bytea       NOT NULL,
    granted_by    text        NOT NULL,
    granted_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_by    text,
    revoked_at    timestamptz
);
