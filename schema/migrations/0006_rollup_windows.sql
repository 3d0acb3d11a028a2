-- Which windows of which rollup are computed, and which generation of rows counts: the newest begun. Readers take the rows of this table
-- once a query; a switch is one insert of one block, so a window is never seen half or twice, and two aggregators do each other no harm.
-- Not partitioned: a block must become one part.
-- +goose Up
CREATE TABLE IF NOT EXISTS rollup_windows
(
    site       LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    name       LowCardinality(String) COMMENT 'rollup' CODEC(ZSTD(1)),
    tier       Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    zone       LowCardinality(String) COMMENT 'time zone that hours and days were cut in' CODEC(ZSTD(1)),
    start      DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    until      DateTime('UTC') COMMENT 'end of the window, the first moment that is not in it' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'when the computation began by the clock of the database, in microseconds times 1024, with a random rest' CODEC(ZSTD(1)),
    changes    UInt64 COMMENT 'changes of its events that the computation knew of' CODEC(ZSTD(1)),
    events     UInt64 COMMENT 'events that were counted' CODEC(ZSTD(1)),
    rows       UInt64 COMMENT 'rows that the rollup has of it' CODEC(ZSTD(1)),
    seconds    Float32 COMMENT 'how long the computation took' CODEC(ZSTD(1)),
    computed   DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when readers were switched to it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (site, name, tier, zone, start)
TTL start + INTERVAL 4 DAY DELETE WHERE tier = '5m', start + INTERVAL 34 DAY DELETE WHERE tier = 'hour', start + INTERVAL 400 DAY
COMMENT 'rollup_windows: which windows are computed and which generation of their rows counts';
