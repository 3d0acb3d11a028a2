-- What the aggregator's jobs did, for the people who run it.
-- +goose Up
CREATE TABLE IF NOT EXISTS job_runs
(
    job     LowCardinality(String) COMMENT 'name of the job' CODEC(ZSTD(1)),
    started DateTime64(3, 'UTC') COMMENT 'when it began' CODEC(ZSTD(1)),
    ended   DateTime64(3, 'UTC') COMMENT 'when it ended' CODEC(ZSTD(1)),
    outcome LowCardinality(String) COMMENT 'done or failed' CODEC(ZSTD(1)),
    error   String COMMENT 'what went wrong; empty when done' CODEC(ZSTD(1)),
    rows    UInt64 COMMENT 'rows that it wrote or removed' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started)
ORDER BY (job, started)
TTL toDateTime(started) + INTERVAL 30 DAY
COMMENT 'job_runs: runs of the aggregator''s jobs that did or failed at something';
