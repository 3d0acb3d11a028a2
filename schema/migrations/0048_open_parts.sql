-- What no window holds of sessions yet, as it was half a minute ago: parts of the same form as session_parts. Views on visits read them here, since
-- the database takes a hundred times as long to understand how sessions are cut as to read what was cut. A reading ends with a mark, which says
-- from where on it holds everything. Gone within the hour.
-- +goose Up
CREATE TABLE IF NOT EXISTS open_parts
(
    site          LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    made          DateTime('UTC') DEFAULT now() COMMENT 'when' CODEC(Delta, ZSTD(1)),
    tier          Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'always 5m: what is of no window yet will be of one of five minutes' CODEC(ZSTD(1)),
    window        DateTime('UTC') COMMENT 'up to here windows hold everything, and the reading begins' CODEC(T64, ZSTD(1)),
    generation    UInt64 COMMENT 'which reading of the site wrote the row; the newest whose mark is there counts' CODEC(ZSTD(1)),
    consent       LowCardinality(String) COMMENT 'lowest level of consent among the events of the part' CODEC(ZSTD(1)),
    visitor       UInt64 COMMENT 'keyed hash, as in events; 0 is the mark that ends a reading' CODEC(ZSTD(1)),
    start         DateTime64(3, 'UTC') COMMENT 'when the session began, maybe in an earlier window; the year 2200 for what belongs to no session' CODEC(T64, ZSTD(1)),
    last          DateTime64(3, 'UTC') COMMENT 'last event of the session since then' CODEC(T64, ZSTD(1)),
    views         UInt32 COMMENT 'page views since then' CODEC(T64, ZSTD(1)),
    actions       UInt32 COMMENT 'custom events since then' CODEC(T64, ZSTD(1)),
    engaged_ms    Nullable(UInt32) COMMENT 'milliseconds of attention that the browser told of since then; NULL when it told nothing' CODEC(ZSTD(1)),
    entered       UInt8 COMMENT '1 in the part that has the first page view of the session: entry, source, place and device are its' CODEC(ZSTD(1)),
    entry         LowCardinality(String) COMMENT 'path of the first page view of the session' CODEC(ZSTD(1)),
    exit          LowCardinality(String) COMMENT 'path of the last page view since then; says nothing when views is 0' CODEC(ZSTD(1)),
    channel       LowCardinality(String) COMMENT 'kind of source of the first page view' CODEC(ZSTD(1)),
    referrer_host LowCardinality(String) COMMENT 'host of the page that led to the first page view' CODEC(ZSTD(1)),
    utm_source    LowCardinality(String) COMMENT 'campaign source of the first page view' CODEC(ZSTD(1)),
    utm_medium    LowCardinality(String) COMMENT 'campaign medium of the first page view' CODEC(ZSTD(1)),
    utm_campaign  LowCardinality(String) COMMENT 'campaign name of the first page view' CODEC(ZSTD(1)),
    utm_term      LowCardinality(String) COMMENT 'campaign term of the first page view' CODEC(ZSTD(1)),
    utm_content   LowCardinality(String) COMMENT 'campaign content of the first page view' CODEC(ZSTD(1)),
    country       LowCardinality(String) COMMENT 'country of the first page view' CODEC(ZSTD(1)),
    device        LowCardinality(String) COMMENT 'kind of device of the first page view' CODEC(ZSTD(1)),
    browser       LowCardinality(String) COMMENT 'browser family of the first page view' CODEC(ZSTD(1)),
    os            LowCardinality(String) COMMENT 'operating system family of the first page view' CODEC(ZSTD(1)),
    `revenue.currency` Array(LowCardinality(String)) COMMENT 'currencies of the values of custom events since then' CODEC(ZSTD(1)),
    `revenue.amount`   Array(Decimal(18, 4)) COMMENT 'sum of the values in each of these currencies' CODEC(ZSTD(1)),
    `goals.name`     Array(LowCardinality(String)) COMMENT 'goals and funnel steps that events of the reading reached, in order of time' CODEC(ZSTD(1)),
    `goals.at`       Array(DateTime64(3, 'UTC')) COMMENT 'when each was reached' CODEC(ZSTD(1)),
    `goals.value`    Array(Decimal(18, 4)) COMMENT 'what each was worth; 0 is nothing' CODEC(ZSTD(1)),
    `goals.currency` Array(LowCardinality(String)) COMMENT 'currency of that worth' CODEC(ZSTD(1)),
    campaign      UInt64 COMMENT 'hash of the campaign in force after the last event of the reading; 0 is none' CODEC(ZSTD(1)),
    viewed        UInt8 COMMENT '1 when the session has had a page view up to the end of the reading' CODEC(ZSTD(1)),
    carried       UInt64 COMMENT 'hash of what the visitor brought into the reading from windows; in the mark, of what the reading was made of' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toStartOfTenMinutes(made)
ORDER BY (site, generation, visitor)
TTL made + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'open_parts: what no window holds of sessions yet, for views';
