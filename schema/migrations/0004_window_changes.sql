-- What changed in which window of five minutes, so that the rollups know what to compute anew without reading events.
-- Fed by the view of the next migration. Who deletes or rewrites rows of events without inserting any adds a row here.
-- +goose Up
CREATE TABLE IF NOT EXISTS window_changes
(
    site         LowCardinality(String) COMMENT 'site id, as in the sites file',
    window       DateTime('UTC') COMMENT 'start of the five minutes that the changed events happened in' CODEC(Delta, ZSTD(1)),
    changes      SimpleAggregateFunction(sum, UInt64) COMMENT 'rows inserted so far, and changes of other kinds' CODEC(ZSTD(1)),
    last_changed SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'when the newest of them was made' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(window)
ORDER BY (site, window)
TTL window + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'window_changes: how often each five minutes of events changed';
