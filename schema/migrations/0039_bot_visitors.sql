-- Visitors who were found to be robots by what they did, so that what comes of them later is told to be a robot's too. Their events are
-- inserted again with the reason in the column bot, which the windows' changes tell of, so rollups and sessions follow.
-- +goose Up
CREATE TABLE IF NOT EXISTS bot_visitors
(
    site     LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    visitor  UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    reason   LowCardinality(String) COMMENT 'as in the column bot of events: behaviour and what was seen' CODEC(ZSTD(1)),
    decided  DateTime('UTC') COMMENT 'when' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(decided)
PARTITION BY toYYYYMM(decided)
ORDER BY (site, visitor)
TTL decided + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'bot_visitors: who was found to be a robot by what it did';
