-- A limit follows the newest event that was seen, so that a late one cannot bring an older limit back.
ALTER TABLE budgets ADD COLUMN limit_at timestamptz NOT NULL DEFAULT '-infinity';
-- What the event of a posting needs when no event causes it: an expired reservation.
ALTER TABLE reservations ADD COLUMN cause_id text;
ALTER TABLE reservations ADD COLUMN conversation text;
ALTER TABLE reservations ADD COLUMN matter text;
ALTER TABLE reservations ADD COLUMN namespace text NOT NULL DEFAULT 'live';
ALTER TABLE reservations ADD COLUMN priced_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE postings ADD COLUMN model text NOT NULL DEFAULT 'unknown';
ALTER TABLE postings ADD COLUMN model_version int NOT NULL DEFAULT 1;
ALTER TABLE postings ADD COLUMN price_source text NOT NULL DEFAULT 'unknown';
-- The outbox: false until Kafka has acknowledged the event of an expiry.
ALTER TABLE postings ADD COLUMN announced boolean NOT NULL DEFAULT true;
CREATE INDEX postings_unannounced ON postings (posted_at) WHERE NOT announced;
CREATE INDEX postings_by_page ON postings (tenant, posted_at, posting_id);
DROP INDEX postings_by_time;
