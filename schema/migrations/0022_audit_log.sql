-- Who touched a person's rows, and why. Each process that writes has a chain of its own, in which an entry holds the hash of the one before
-- and of the newest of other chains: a changed or missing entry is found, also when several processes write at once. The heads stand
-- outside the database too. Never an address, a cookie's or a visitor's id.
-- +goose Up
CREATE TABLE IF NOT EXISTS audit_log
(
    writer   String COMMENT 'the chain: a run of a process' CODEC(ZSTD(1)),
    sequence UInt64 COMMENT 'number of the entry in its chain, from 1' CODEC(ZSTD(1)),
    at       DateTime64(6, 'UTC') COMMENT 'when it was written' CODEC(ZSTD(1)),
    who      String COMMENT 'name of the user, token or account that acted; visitor or aggregator' CODEC(ZSTD(1)),
    role     LowCardinality(String) COMMENT 'in which role' CODEC(ZSTD(1)),
    action   LowCardinality(String) COMMENT 'what was done' CODEC(ZSTD(1)),
    ticket   String COMMENT 'the request it was done for, as in subject_requests' CODEC(ZSTD(1)),
    site     LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    why      String COMMENT 'on what ground, in the words of who acted' CODEC(ZSTD(1)),
    detail   String COMMENT 'tables and numbers of rows' CODEC(ZSTD(1)),
    previous String COMMENT 'hash of the entry before in the chain' CODEC(ZSTD(1)),
    seen     Array(String) COMMENT 'newest entries of other chains: writer, number and hash' CODEC(ZSTD(1)),
    hash     String COMMENT 'SHA-256 of all of the above' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, writer, sequence)
TTL toDateTime(at) + INTERVAL 1095 DAY
COMMENT 'audit_log: who touched a person''s rows, chained by hashes';
