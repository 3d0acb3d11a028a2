-- The full address and the raw user agent, for diagnosing servers and checking payments (policy clauses 2.5, 3.5):
-- a table of its own, so that reading it is a right of its own, and short-lived: whole days are dropped.
-- +goose Up
CREATE TABLE IF NOT EXISTS network_log
(
    site       LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    ts         DateTime64(3, 'UTC') COMMENT 'when it happened' CODEC(T64, ZSTD(1)),
    id         String COMMENT 'id of the event in the table events' CODEC(ZSTD(1)),
    address    IPv6 COMMENT 'full address of the client; IPv4 as ::ffff:a.b.c.d' CODEC(ZSTD(1)),
    user_agent String COMMENT 'user agent as sent, cut at 1 KiB' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (site, toStartOfHour(ts), address, id)
TTL toDateTime(ts) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'network_log: full addresses, purposes diagnostics and security only, restricted';
