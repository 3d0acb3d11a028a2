-- Sessions, cut from events in the order of time. A row is what one unit of time (a window) saw of one session; a
-- session is its parts put together by visitor and start. Parts instead of sessions, because a session has no last
-- moment that is known in advance: so a window is written once, from its own events and what the windows before it
-- carry over (campaign, viewed, last), and a session that goes on adds a part instead of changing one.
--
-- A window is written again under a new generation; rollup_windows says which generation of a window counts. carried
-- tells on what a part was built, so that a part that was built on what no longer holds can be found and cut again.
-- The windows of days that are over are put together; those of five minutes serve the last days.
-- The index lets a range be read to its end without the windows long after it, into which none of its sessions reach.
-- +goose Up
CREATE TABLE IF NOT EXISTS session_parts
(
    site          LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier          Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window        DateTime('UTC') COMMENT 'start of the window that the part is of' CODEC(T64, ZSTD(1)),
    generation    UInt64 COMMENT 'which computation of the window wrote the row; rollup_windows says which one counts' CODEC(ZSTD(1)),
    consent       LowCardinality(String) COMMENT 'lowest level of consent among the events of the part' CODEC(ZSTD(1)),
    visitor       UInt64 COMMENT 'keyed hash, as in events' CODEC(ZSTD(1)),
    start         DateTime64(3, 'UTC') COMMENT 'when the session began, maybe in an earlier window; the year 2200 for what belongs to no session' CODEC(T64, ZSTD(1)),
    last          DateTime64(3, 'UTC') COMMENT 'last event of the session in the window' CODEC(T64, ZSTD(1)),
    views         UInt32 COMMENT 'page views in the window' CODEC(T64, ZSTD(1)),
    actions       UInt32 COMMENT 'custom events in the window' CODEC(T64, ZSTD(1)),
    engaged_ms    Nullable(UInt32) COMMENT 'milliseconds of attention that the browser told of in the window; NULL when it told nothing' CODEC(ZSTD(1)),
    entered       UInt8 COMMENT '1 in the part that has the first page view of the session: entry, source, place and device are its' CODEC(ZSTD(1)),
    entry         LowCardinality(String) COMMENT 'path of the first page view of the session' CODEC(ZSTD(1)),
    exit          LowCardinality(String) COMMENT 'path of the last page view in the window; says nothing when views is 0' CODEC(ZSTD(1)),
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
    `revenue.currency` Array(LowCardinality(String)) COMMENT 'currencies of the values of custom events in the window' CODEC(ZSTD(1)),
    `revenue.amount`   Array(Decimal(18, 4)) COMMENT 'sum of the values in each of these currencies' CODEC(ZSTD(1)),
    `goals.name`     Array(LowCardinality(String)) COMMENT 'goals and funnel steps that events of the window reached, in order of time' CODEC(ZSTD(1)),
    `goals.at`       Array(DateTime64(3, 'UTC')) COMMENT 'when each was reached' CODEC(ZSTD(1)),
    `goals.value`    Array(Decimal(18, 4)) COMMENT 'what each was worth; 0 is nothing' CODEC(ZSTD(1)),
    `goals.currency` Array(LowCardinality(String)) COMMENT 'currency of that worth' CODEC(ZSTD(1)),
    campaign      UInt64 COMMENT 'hash of the campaign in force after the last event of the window; 0 is none' CODEC(ZSTD(1)),
    viewed        UInt8 COMMENT '1 when the session has had a page view up to the end of the window' CODEC(ZSTD(1)),
    carried       UInt64 COMMENT 'hash of what the visitor brought into the window from those before it; 0 is nothing' CODEC(ZSTD(1)),
    INDEX start_range start TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
ORDER BY (site, tier, consent, window, generation, visitor, start)
TTL window + INTERVAL 5 DAY DELETE WHERE tier = '5m', window + INTERVAL 400 DAY
COMMENT 'session_parts: one row a session and window, purpose analytics (policy.yaml says the rest)';
