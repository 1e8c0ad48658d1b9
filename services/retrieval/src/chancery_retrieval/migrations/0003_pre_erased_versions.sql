-- Versions of documents whose texts named a person that was erased: a restored backup's passages of them go again.
CREATE TABLE erased_versions (
    tenant      text        NOT NULL,
    document_id text        NOT NULL,
    version     integer     NOT NULL,
    erased_at   timestamptz NOT NULL,
    erased_by   text        NOT NULL,
    PRIMARY KEY (tenant, document_id, version)
);
