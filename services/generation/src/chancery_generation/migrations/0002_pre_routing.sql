-- Several models may be asked for one event: why each was, and where it runs. Rows from before know neither.
ALTER TABLE calls
    ADD COLUMN why text,
    ADD COLUMN provider text,
    ADD COLUMN provider_model text,
    ADD COLUMN region text,
    ADD COLUMN superseded boolean NOT NULL DEFAULT false,
    ADD COLUMN route text;
ALTER TABLE answers ADD COLUMN tool_calls text NOT NULL DEFAULT '[]';
