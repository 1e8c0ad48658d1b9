-- A pseudonym means one person in the whole of a tenant, not only in one matter. Rows of before that share one keep it; no new row gets it.
ALTER TABLE vault ADD COLUMN first_of_name boolean NOT NULL DEFAULT false;
ALTER TABLE vault ALTER COLUMN first_of_name SET DEFAULT true;
UPDATE vault v SET first_of_name = true FROM (
    SELECT DISTINCT ON (tenant, token) tenant, scope, token FROM vault ORDER BY tenant, token, created_at, scope) AS first
WHERE v.tenant = first.tenant AND v.scope = first.scope AND v.token = first.token;
CREATE UNIQUE INDEX vault_names ON vault (tenant, token) WHERE first_of_name;
