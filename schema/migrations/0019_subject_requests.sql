-- Requests about one person's data: to see it, to have it blocked or erased. A row is a state of a ticket; the newest version counts.
-- Whom a ticket is about stands in it only while it is open, encrypted with the visitor key, which is never in the database.
-- +goose Up
CREATE TABLE IF NOT EXISTS subject_requests
(
    ticket    String COMMENT 'number of the request, as E-20261122-k3vq7a' CODEC(ZSTD(1)),
    version   UInt64 COMMENT 'which state this is; the newest counts' CODEC(ZSTD(1)),
    kind      LowCardinality(String) COMMENT 'export, block or erase' CODEC(ZSTD(1)),
    state     LowCardinality(String) COMMENT 'opened, confirmed, held, erased, blocked, unblocking, unblocked, done or expired' CODEC(ZSTD(1)),
    step      LowCardinality(String) COMMENT 'the step that is next, or that it stopped at' CODEC(ZSTD(1)),
    error     String COMMENT 'why it stopped; empty when it did not' CODEC(ZSTD(1)),
    site      LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    origin    LowCardinality(String) COMMENT 'how it came in: command, api or page' CODEC(ZSTD(1)),
    by        String COMMENT 'who opened it: the name of a user or token; visitor when it came from the page' CODEC(ZSTD(1)),
    why       String COMMENT 'on what ground, in the words of who opened it' CODEC(ZSTD(1)),
    opened    DateTime64(3, 'UTC') COMMENT 'when it was opened' CODEC(ZSTD(1)),
    deadline  DateTime('UTC') COMMENT 'when it has to be done' CODEC(ZSTD(1)),
    changed   DateTime64(3, 'UTC') COMMENT 'when this state was reached' CODEC(ZSTD(1)),
    sealed    String COMMENT 'whom it is about, encrypted; emptied when it is done' CODEC(ZSTD(1)),
    reference UInt64 COMMENT 'keyed hash of the consent receipt it was asked with, so that its holder can be told of it; 0 is none' CODEC(ZSTD(1)),
    found     String COMMENT 'what the dry run found: rows of each table, as JSON' CODEC(ZSTD(1)),
    code      String COMMENT 'what has to be given to confirm it' CODEC(ZSTD(1)),
    receipt   String COMMENT 'what was done, signed, as JSON' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY ticket
TTL toDateTime(opened) + INTERVAL 1095 DAY
COMMENT 'subject_requests: tickets of requests about one person''s data';
