-- Rows of people whose data is blocked: taken out of their tables as they were, so that no report, rollup or export can read them, and put
-- back when they are unblocked. A row that is moved twice is one: the key is what it holds.
-- +goose Up
CREATE TABLE IF NOT EXISTS blocked_rows
(
    ticket  String COMMENT 'the request, as in subject_requests' CODEC(ZSTD(1)),
    site    LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    origin  LowCardinality(String) COMMENT 'the table that the row was taken from' CODEC(ZSTD(1)),
    visitor UInt64 COMMENT 'whose row it is' CODEC(ZSTD(1)),
    hash    UInt64 COMMENT 'hash of all values of the row' CODEC(ZSTD(1)),
    row     String COMMENT 'the row as JSON' CODEC(ZSTD(3)),
    moved   DateTime64(3, 'UTC') COMMENT 'when it was taken out' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(moved)
ORDER BY (ticket, origin, visitor, hash)
TTL toDateTime(moved) + INTERVAL 400 DAY
COMMENT 'blocked_rows: rows of people whose data is blocked, kept out of every report';
