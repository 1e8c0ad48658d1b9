-- How far a log is published stands beside how far it is signed: its head is locked by whoever appends. `heads.published_size` is read no more.
ALTER TABLE logs ADD COLUMN published_size bigint NOT NULL DEFAULT 0;
UPDATE logs SET published_size = h.published_size FROM heads h WHERE h.tenant = logs.tenant;
