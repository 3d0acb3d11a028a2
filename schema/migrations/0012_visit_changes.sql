-- Which windows of five minutes have visits that are over, and how often any of them came out differently: what window_changes is
-- for events. A window gets a row once all visits that began in it have ended, and one more for each change after that.
-- +goose Up
CREATE TABLE IF NOT EXISTS visit_changes
(
    site         LowCardinality(String) COMMENT 'site id, as in the sites file',
    window       DateTime('UTC') COMMENT 'start of the five minutes that the visits began in' CODEC(Delta, ZSTD(1)),
    changes      SimpleAggregateFunction(sum, UInt64) COMMENT 'changes so far' CODEC(ZSTD(1)),
    last_changed SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'when the newest of them was made' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(window)
ORDER BY (site, window)
TTL window + INTERVAL 400 DAY
COMMENT 'visit_changes: how often the visits of each five minutes changed';
