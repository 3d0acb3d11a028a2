-- Visits as they were a moment ago in stretches of time that no window holds yet: put together once for all who ask within some seconds, since
-- the database takes longer to understand how visits are put together than to do it. Who asks names the reading. Gone within the hour.
-- +goose Up
CREATE TABLE IF NOT EXISTS open_visits
(
    site          LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    reading       UInt64 COMMENT 'random: which reading of the site wrote this row' CODEC(ZSTD(1)),
    made          DateTime('UTC') DEFAULT now() COMMENT 'when' CODEC(Delta, ZSTD(1)),
    window        DateTime('UTC') COMMENT 'start of the five minutes that the visit began in' CODEC(Delta, ZSTD(1)),
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
PARTITION BY toStartOfTenMinutes(made)
ORDER BY (site, reading)
TTL made + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'open_visits: visits that no window holds yet, for reports of the next seconds';
