-- Ciphertext and hashes do not compress: PostgreSQL need not try.
ALTER TABLE payloads ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE alarms ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
