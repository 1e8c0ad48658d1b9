-- Versions of documents whose texts or titles (`titled`) named a person that was erased: what a restored backup has of them goes again.
CREATE TABLE erased_versions (
    tenant      text        NOT NULL,
    document_id text        NOT NULL,
    version     integer     NOT NULL,
    erased_at   timestamptz NOT NULL,
    erased_by   text        NOT NULL,
    titled      boolean     NOT NULL,
    PRIMARY KEY (tenant, document_id, version)
);
