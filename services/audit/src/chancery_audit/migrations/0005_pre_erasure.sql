-- What each data key covers, so that retention, holds and erasures find it without opening a payload. Written under the lock of the
-- tenant's head, as is everything below: what appends, what holds and what erases never run side by side.
CREATE TABLE scopes (
    tenant      text        NOT NULL,
    scope       text        NOT NULL,
    interaction text,
    use_case    text        NOT NULL DEFAULT '',
    begun_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    counts_from timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(ended_at, begun_at)) STORED,
    erased_at   timestamptz,
    erased_by   text,
    erased_why  text,
    erased_for  text,
    again       boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, scope)
);
CREATE INDEX scopes_age ON scopes (tenant, use_case, counts_from) WHERE erased_at IS NULL AND interaction IS NOT NULL;
CREATE INDEX scopes_again ON scopes (tenant, scope) WHERE again;
CREATE INDEX scopes_erased_for ON scopes (tenant, erased_for) WHERE erased_for IS NOT NULL;
-- Matters and conversations that a scope's events name. More than one is possible: each counts.
CREATE TABLE places (
    tenant text NOT NULL,
    kind   text NOT NULL CHECK (kind IN ('matter', 'conversation')),
    name   text NOT NULL,
    scope  text NOT NULL,
    PRIMARY KEY (tenant, kind, name, scope)
);
-- By the id of the event that placed it. Without a matter: the whole tenant.
CREATE TABLE holds (
    tenant          text        NOT NULL,
    hold            text        NOT NULL,
    matter          text,
    reason          text        NOT NULL,
    placed_by       text        NOT NULL,
    placed_at       timestamptz NOT NULL,
    released_by     text,
    released_at     timestamptz,
    release_event   text,
    release_reason  text,
    PRIMARY KEY (tenant, hold)
);
CREATE INDEX holds_in_force ON holds (tenant, matter) WHERE released_at IS NULL;
CREATE TABLE erasure_requests (
    tenant       text        NOT NULL,
    request      text        NOT NULL,
    kind         text        NOT NULL,
    name         text        NOT NULL,
    reason       text        NOT NULL,
    legal_ground text        NOT NULL,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL,
    covers_until timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'erased', 'partly', 'refused')),
    refusal      text,
    PRIMARY KEY (tenant, request)
);
CREATE INDEX erasure_requests_pending ON erasure_requests (requested_at) WHERE state = 'pending';
-- Events of what was done, written with it and published after it: once stored, an event's content stays what it is.
CREATE TABLE outbox (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body bytea  NOT NULL
);
CREATE INDEX payloads_of_events ON payloads (tenant, scope) WHERE scope LIKE 'event/%';

CREATE FUNCTION is_held(text, text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM holds h WHERE h.tenant = $1 AND h.released_at IS NULL AND (h.matter IS NULL OR EXISTS (
        SELECT 1 FROM places p WHERE p.tenant = $1 AND p.scope = $2 AND p.kind = 'matter' AND p.name = h.matter)))
$$;

-- What was on record before: the use case stands in sealed payloads alone, so that these are kept for the default retention.
-- By pattern and not as JSON: a leaf may hold an escaped NUL, which PostgreSQL's JSON refuses. A quote inside a value is escaped.
CREATE TEMPORARY TABLE noted ON COMMIT DROP AS
SELECT tenant, coalesce('interaction/' || interaction, 'event/' || event_id) AS scope, interaction, type,
    to_timestamp(substring(body FROM '"timestamp_ms":([0-9]+)')::bigint / 1000.0) AS recorded,
    substring(body FROM '"matter":"([A-Za-z0-9._:-]+)"') AS matter, substring(body FROM '"conversation":"([A-Za-z0-9._:-]+)"') AS conversation
FROM entries, LATERAL (SELECT convert_from(leaf, 'UTF8') AS body) AS opened
WHERE type NOT LIKE 'chancery.privacy.%' AND type NOT LIKE 'chancery.registry.%';
INSERT INTO scopes (tenant, scope, interaction, begun_at, ended_at)
SELECT tenant, scope, min(interaction), min(recorded), max(recorded) FILTER (WHERE type = 'chancery.interaction.completed.v1')
FROM noted GROUP BY tenant, scope;
INSERT INTO places (tenant, kind, name, scope)
SELECT tenant, 'matter', matter, scope FROM noted WHERE matter IS NOT NULL
UNION SELECT tenant, 'conversation', conversation, scope FROM noted WHERE conversation IS NOT NULL;
