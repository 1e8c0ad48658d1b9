-- Who signs a log, until when by this database's clock, and the how-many-th holder it is.
ALTER TABLE logs ADD COLUMN holder text, ADD COLUMN epoch bigint NOT NULL DEFAULT 0, ADD COLUMN leased_until timestamptz;
