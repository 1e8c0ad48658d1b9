ALTER TABLE answers ADD COLUMN tool_calls text NOT NULL DEFAULT '[]', ADD COLUMN stop_reason text;
