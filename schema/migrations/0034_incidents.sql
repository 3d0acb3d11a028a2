-- What was wrong with a site's servers, since when and for whom; and what is usual, which that is told from. Both know no person: sums,
-- shares and quantiles of many.
--
-- An aggregator writes the incidents that it finds under its own name; where two find the same, the line that was claimed first counts.
-- +goose Up
CREATE TABLE IF NOT EXISTS incidents
(
    incident String COMMENT 'made of site, signal and beginning, so that all who find it call it by the same name' CODEC(ZSTD(1)),
    writer   String COMMENT 'which aggregator found it' CODEC(ZSTD(1)),
    claimed  UInt64 COMMENT 'microsecond at which it was written first, by the clock of the database; the earliest line of an incident counts' CODEC(ZSTD(1)),
    version  UInt64 COMMENT 'microsecond of this state; the newest counts' CODEC(ZSTD(1)),
    site     LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    zone     LowCardinality(String) COMMENT 'time zone of the site' CODEC(ZSTD(1)),
    signal   LowCardinality(String) COMMENT 'views, ttfb, lcp, inp, errors, failures or network_errors' CODEC(ZSTD(1)),
    state    LowCardinality(String) COMMENT 'open, closed, or lost to an earlier line' CODEC(ZSTD(1)),
    started  DateTime('UTC') COMMENT 'about when it began' CODEC(ZSTD(1)),
    opened   DateTime('UTC') COMMENT 'when it was found' CODEC(ZSTD(1)),
    closed   DateTime('UTC') COMMENT 'when it was calm again; 0 while it is open' CODEC(ZSTD(1)),
    value    Float64 COMMENT 'page views, milliseconds, or a share, at worst' CODEC(ZSTD(1)),
    usual    Float64 COMMENT 'the same, as it usually is at this hour of the week' CODEC(ZSTD(1)),
    ratio    Float64 COMMENT 'times what is usual; of page views, times less' CODEC(ZSTD(1)),
    score    Float64 COMMENT 'robust deviations from what is usual, at worst' CODEC(ZSTD(1)),
    count    Float64 COMMENT 'page views, times or answers that it was judged by' CODEC(ZSTD(1)),
    minutes  UInt16 COMMENT 'length of the span that it was judged by' CODEC(ZSTD(1)),
    causes   String COMMENT 'the parts of the visitors that it is confined to, as JSON; none where it concerns everybody' CODEC(ZSTD(1)),
    text     String COMMENT 'all that in one line' CODEC(ZSTD(1)),
    told     UInt8 COMMENT 'what the webhooks were told: 0 nothing, 1 that it opened, 2 that it is closed' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site, signal, incident, writer)
TTL opened + INTERVAL 400 DAY
COMMENT 'incidents: what was wrong with a site''s servers';

CREATE TABLE IF NOT EXISTS signal_windows
(
    site        LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window      DateTime('UTC') COMMENT 'start of the five minutes' CODEC(Delta, ZSTD(1)),
    version     DateTime64(3, 'UTC') COMMENT 'when these numbers were computed; the newest count' CODEC(ZSTD(1)),
    views       Float64 COMMENT 'page views of people' CODEC(ZSTD(1)),
    errors      Float64 COMMENT 'page views with a script error' CODEC(ZSTD(1)),
    errors_for  Float64 COMMENT 'how many these stand for, where only some visitors are asked' CODEC(ZSTD(1)),
    answers     Float64 COMMENT 'answers of the server whose status is known' CODEC(ZSTD(1)),
    failed      Float64 COMMENT 'of these, 5xx' CODEC(ZSTD(1)),
    network     Float64 COMMENT 'networks from which the server was not reached, each once a minute' CODEC(ZSTD(1)),
    network_for Float64 COMMENT 'how many these stand for, where only some visitors are asked' CODEC(ZSTD(1)),
    counts      Array(Float64) COMMENT 'how many times of TTFB, LCP and INP were measured' CODEC(ZSTD(1)),
    middles     Array(Float64) COMMENT 'their p75, ms' CODEC(ZSTD(1)),
    tails       Array(Float64) COMMENT 'their p90, ms' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window)
ORDER BY (site, window)
TTL window + INTERVAL 60 DAY
COMMENT 'signal_windows: what each five minutes showed of a site''s servers, from which it is known what is usual';
