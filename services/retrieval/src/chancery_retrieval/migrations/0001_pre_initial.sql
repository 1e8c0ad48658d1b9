-- Documents, their passages, and what is searched.
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;

-- Every version that was ever published, its text aside: what stood in the index, from when to when.
CREATE TABLE documents (
    tenant      text        NOT NULL,
    document_id text        NOT NULL,
    version     integer     NOT NULL,
    collection  text        NOT NULL,
    matter      text,
    title       text        NOT NULL,
    fingerprint text        NOT NULL,
    event_id    text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('indexed', 'replaced', 'superseded', 'withdrawn')),
    passages    integer     NOT NULL,
    injections  integer     NOT NULL,
    indexed_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (tenant, document_id, version)
);
CREATE UNIQUE INDEX documents_one_indexed ON documents (tenant, document_id) WHERE state = 'indexed';
CREATE INDEX documents_title ON documents USING gin (to_tsvector('english', title)) WHERE state = 'indexed';

CREATE TABLE withdrawals (
    event_id     text        PRIMARY KEY,
    tenant       text        NOT NULL,
    document_id  text        NOT NULL,
    reason       text        NOT NULL,
    withdrawn_at timestamptz NOT NULL
);

CREATE TABLE passages (
    key         bigint  PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant      text    NOT NULL,
    document_id text    NOT NULL,
    version     integer NOT NULL,
    ordinal     integer NOT NULL,
    section     integer NOT NULL,
    collection  text    NOT NULL,
    matter      text,
    passage_id  text    NOT NULL,
    title       text    NOT NULL,
    starts_at   integer NOT NULL,
    ends_at     integer NOT NULL,
    body        text    NOT NULL,
    injections  jsonb   NOT NULL,
    search      tsvector NOT NULL,
    UNIQUE (tenant, passage_id),
    UNIQUE (tenant, document_id, version, ordinal)
);
CREATE INDEX passages_scope ON passages (tenant, collection, matter);
CREATE INDEX passages_search ON passages USING gin (search);

-- Apart from the passages, so that rows stay narrow and in line: comparing vectors one by one reads them all.
CREATE TABLE vectors (
    key        bigint NOT NULL PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
    tenant     text   NOT NULL,
    collection text   NOT NULL,
    matter     text,
    embedding  halfvec(384) NOT NULL
);
ALTER TABLE vectors ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX vectors_scope ON vectors (tenant, collection, matter);
CREATE INDEX vectors_embedding ON vectors USING hnsw (embedding halfvec_ip_ops);

-- One row for each tenant, collection and matter ('' = none): how much is there, and the number of its last change.
CREATE TABLE shelves (
    tenant     text   NOT NULL,
    collection text   NOT NULL,
    matter     text   NOT NULL,
    passages   bigint NOT NULL CHECK (passages >= 0),
    changed    bigint NOT NULL,
    PRIMARY KEY (tenant, collection, matter)
);
CREATE SEQUENCE shelf_changes;

-- In how many passages of a shelf each word stands: rare words say more. By shelf, so that no wall is looked over.
CREATE TABLE lexemes (
    tenant     text   NOT NULL,
    collection text   NOT NULL,
    matter     text   NOT NULL,
    lexeme     text   NOT NULL,
    passages   bigint NOT NULL,
    PRIMARY KEY (tenant, collection, matter, lexeme)
) WITH (fillfactor = 80);
