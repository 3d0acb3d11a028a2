-- Visits whole, in the windows that they began in: what reports of visits are counted from (aggregator/rollup/sql, source visits).
-- A visit gets here once it is over. Its parts, from which it is put together, stand in session_parts.
-- +goose Up
CREATE TABLE IF NOT EXISTS visits
(
    site          LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier          Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window        DateTime('UTC') COMMENT 'start of the window that the visit began in' CODEC(Delta, ZSTD(1)),
    generation    UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visitor       UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consented     UInt8 COMMENT '1: consented to analytics or advertising all the time, so the hash is the same on other days' CODEC(ZSTD(1)),
    duration_ms   UInt64 COMMENT 'milliseconds from the first to the last event; 0 is unknown' CODEC(T64, ZSTD(1)),
    timed         UInt8 COMMENT '1 when the duration is known' CODEC(ZSTD(1)),
    engaged_ms    UInt64 COMMENT 'milliseconds of attention that the browser told of; 0 is unknown' CODEC(T64, ZSTD(1)),
    views         UInt32 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    events        UInt32 COMMENT 'custom events' CODEC(T64, ZSTD(1)),
    bounce        UInt8 COMMENT '1: one page view, no custom event, no goal, nothing that tells of ten seconds of attention' CODEC(ZSTD(1)),
    entry         LowCardinality(String) COMMENT 'path of the first page view' CODEC(ZSTD(1)),
    exit          LowCardinality(String) COMMENT 'path of the last page view' CODEC(ZSTD(1)),
    channel       LowCardinality(String) COMMENT 'kind of source of the first page view' CODEC(ZSTD(1)),
    referrer_host LowCardinality(String) COMMENT 'host of the page that led to the first page view' CODEC(ZSTD(1)),
    utm_source    LowCardinality(String) COMMENT 'campaign source of the first page view' CODEC(ZSTD(1)),
    utm_medium    LowCardinality(String) COMMENT 'campaign medium of the first page view' CODEC(ZSTD(1)),
    utm_campaign  LowCardinality(String) COMMENT 'campaign name of the first page view' CODEC(ZSTD(1)),
    utm_term      LowCardinality(String) COMMENT 'campaign term of the first page view' CODEC(ZSTD(1)),
    utm_content   LowCardinality(String) COMMENT 'campaign content of the first page view' CODEC(ZSTD(1)),
    goals         Array(LowCardinality(String)) COMMENT 'goals that the visit reached, once for each time' CODEC(ZSTD(1)),
    goal_values   Array(Decimal(18, 4)) COMMENT 'what each was worth' CODEC(ZSTD(1)),
    goal_currencies Array(LowCardinality(String)) COMMENT 'in which currency' CODEC(ZSTD(1)),
    currencies    Array(LowCardinality(String)) COMMENT 'currencies of the values of its custom events' CODEC(ZSTD(1)),
    amounts       Array(Decimal(18, 4)) COMMENT 'sum of the values in each of these currencies' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
ORDER BY (site, tier, window, generation, channel, entry, visitor)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'visits: one row a visit in the window that it began in';
