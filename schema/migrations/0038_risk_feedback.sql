-- What people found out about a score later: fraud or legit. The signals stand here again, since scores go sooner than disputes end.
-- +goose Up
CREATE TABLE IF NOT EXISTS risk_feedback
(
    site     LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    ts       DateTime64(3, 'UTC') COMMENT 'when it was told' CODEC(T64, ZSTD(1)),
    id       String COMMENT 'id of the score that it is about' CODEC(ZSTD(1)),
    caller   LowCardinality(String) COMMENT 'who told' CODEC(ZSTD(1)),
    visitor  UInt64 COMMENT 'keyed hash; 0 where it is not known' CODEC(ZSTD(1)),
    verdict  LowCardinality(String) COMMENT 'fraud or legit' CODEC(ZSTD(1)),
    score    UInt8 COMMENT 'the score, as it was' CODEC(ZSTD(1)),
    signals  Array(LowCardinality(String)) COMMENT 'signals that were seen then' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ts)
PARTITION BY tuple()
ORDER BY (site, id)
TTL toDateTime(ts) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'risk_feedback: fraud or legit, by score, purpose security, restricted';
