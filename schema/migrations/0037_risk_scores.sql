-- How much spoke for fraud, of what, and why: answers to the payment step, and visitors and networks that stood out by themselves.
-- Restricted and short-lived. Of an address there is its network only; signals and weights say why, in the words of aggregator/risk.
-- +goose Up
CREATE TABLE IF NOT EXISTS risk_scores
(
    site     LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    ts       DateTime64(3, 'UTC') COMMENT 'when it was scored' CODEC(T64, ZSTD(1)),
    id       String COMMENT 'id of the score, random; the payment step is told it' CODEC(ZSTD(1)),
    kind     LowCardinality(String) COMMENT 'what was scored: query (the payment step asked), visitor or network' CODEC(ZSTD(1)),
    caller   LowCardinality(String) COMMENT 'who asked; empty where nobody did' CODEC(ZSTD(1)),
    visitor  UInt64 COMMENT 'keyed hash; 0 where it is not known' CODEC(ZSTD(1)),
    network  LowCardinality(String) COMMENT 'the address cut to /24 (IPv4) or /48 (IPv6)' CODEC(ZSTD(1)),
    asn      UInt32 COMMENT 'autonomous system of the address; 0 is unknown' CODEC(ZSTD(1)),
    country  LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country of the address; empty is unknown' CODEC(ZSTD(1)),
    score    UInt8 COMMENT '0 to 100' CODEC(ZSTD(1)),
    level    LowCardinality(String) COMMENT 'low, medium or high' CODEC(ZSTD(1)),
    signals  Array(LowCardinality(String)) COMMENT 'signals that were seen' CODEC(ZSTD(1)),
    weights  Array(Float32) COMMENT 'what each of them added to the logarithm of the odds' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (site, ts, id)
TTL toDateTime(ts) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'risk_scores: how much spoke for fraud, and why, purpose security, restricted';
