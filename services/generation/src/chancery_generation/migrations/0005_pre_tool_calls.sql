ALTER TABLE answers ADD COLUMN IF NOT EXISTS tool_calls text NOT NULL DEFAULT '[]', ADD COLUMN stop_reason text;
