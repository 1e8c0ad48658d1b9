-- Interactions that were accepted and have no end, oldest first.
CREATE INDEX scopes_open ON scopes (begun_at) WHERE ended_at IS NULL AND erased_at IS NULL AND interaction IS NOT NULL;
