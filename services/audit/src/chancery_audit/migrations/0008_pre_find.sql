-- Interactions in the order in which they were accepted, all and by use case.
CREATE INDEX scopes_begun ON scopes (tenant, begun_at, scope) WHERE interaction IS NOT NULL;
CREATE INDEX scopes_use_case ON scopes (tenant, use_case, begun_at, scope) WHERE interaction IS NOT NULL;
-- What a scope names.
CREATE INDEX places_scope ON places (tenant, scope, kind, name);
