-- The tables of days of the reports on visits (aggregator/rollup/sql, source visits), as those of 0009.
-- +goose Up
CREATE TABLE IF NOT EXISTS campaigns_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    campaign LowCardinality(String) COMMENT 'campaign name, of the first page view of a visit' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'campaign source' CODEC(ZSTD(1)),
    medium LowCardinality(String) COMMENT 'campaign medium' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'currency of the revenue; empty in the row of the visits' CODEC(ZSTD(1)),
    visits UInt64 COMMENT 'visits that the campaign brought; in a row with currency those that brought revenue' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors that it brought; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    bounces UInt64 COMMENT 'visits of one page view, without a custom event, a goal or ten seconds of attention' CODEC(T64, ZSTD(1)),
    views UInt64 COMMENT 'page views in these visits' CODEC(T64, ZSTD(1)),
    converted UInt64 COMMENT 'visits that reached a goal' CODEC(T64, ZSTD(1)),
    engaged_ms UInt64 COMMENT 'time of attention in these visits, as far as it is known, milliseconds' CODEC(T64, ZSTD(1)),
    revenue Decimal(38, 4) COMMENT 'values of custom events, in the currency of the row' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, campaign, source, medium, currency)
TTL window + INTERVAL 400 DAY
COMMENT 'campaigns_days: the success of advertising campaigns';

CREATE TABLE IF NOT EXISTS entries_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the first page view, scrubbed' CODEC(ZSTD(1)),
    visits UInt64 COMMENT 'visits that began with it' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who came so; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    bounces UInt64 COMMENT 'of these, visits of one page view, without a custom event, a goal or ten seconds of attention' CODEC(T64, ZSTD(1)),
    views UInt64 COMMENT 'page views in these visits' CODEC(T64, ZSTD(1)),
    converted UInt64 COMMENT 'visits that reached a goal' CODEC(T64, ZSTD(1)),
    duration_ms UInt64 COMMENT 'time from the first to the last event of those whose duration is known, milliseconds' CODEC(T64, ZSTD(1)),
    timed UInt64 COMMENT 'visits whose duration is known' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, path)
TTL window + INTERVAL 400 DAY
COMMENT 'entries_days: the pages that visits begin with';

CREATE TABLE IF NOT EXISTS exits_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the last page view, scrubbed' CODEC(ZSTD(1)),
    visits UInt64 COMMENT 'visits that ended with it' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who left so; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, path)
TTL window + INTERVAL 400 DAY
COMMENT 'exits_days: the pages that visits end with';

CREATE TABLE IF NOT EXISTS goals_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    goal LowCardinality(String) COMMENT 'name of the goal; empty in the row of all visits' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'kind of source of the visit' CODEC(ZSTD(1)),
    campaign LowCardinality(String) COMMENT 'campaign name of the visit' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'currency of the worth; empty is none' CODEC(ZSTD(1)),
    visits UInt64 COMMENT 'visits that reached it' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who reached it; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    times UInt64 COMMENT 'how often it was reached' CODEC(T64, ZSTD(1)),
    worth Decimal(38, 4) COMMENT 'what that was worth' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, goal, channel, campaign, currency)
TTL window + INTERVAL 400 DAY
COMMENT 'goals_days: goals reached, by what brought the visit';

CREATE TABLE IF NOT EXISTS visit_sources_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    dimension LowCardinality(String) COMMENT 'all, channel, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content or campaign' CODEC(ZSTD(1)),
    value LowCardinality(String) COMMENT 'the channel, the referrer''s host, ...' CODEC(ZSTD(1)),
    detail LowCardinality(String) COMMENT 'channel of a referrer; source / medium of a campaign' CODEC(ZSTD(1)),
    visits UInt64 COMMENT 'visits whose first page view came so' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who came so; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    bounces UInt64 COMMENT 'of these, visits of one page view, without a custom event, a goal or ten seconds of attention' CODEC(T64, ZSTD(1)),
    views UInt64 COMMENT 'page views in these visits' CODEC(T64, ZSTD(1)),
    converted UInt64 COMMENT 'visits that reached a goal' CODEC(T64, ZSTD(1)),
    duration_ms UInt64 COMMENT 'time from the first to the last event of those whose duration is known, milliseconds' CODEC(T64, ZSTD(1)),
    timed UInt64 COMMENT 'visits whose duration is known' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, dimension, value, detail)
TTL window + INTERVAL 400 DAY
COMMENT 'visit_sources_days: where visits came from';

CREATE TABLE IF NOT EXISTS visit_totals_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visits UInt64 COMMENT 'visits that began' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who came; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    bounces UInt64 COMMENT 'visits of one page view, without a custom event, a goal or ten seconds of attention' CODEC(T64, ZSTD(1)),
    views UInt64 COMMENT 'page views in them' CODEC(T64, ZSTD(1)),
    events UInt64 COMMENT 'custom events in them' CODEC(T64, ZSTD(1)),
    converted UInt64 COMMENT 'visits that reached a goal' CODEC(T64, ZSTD(1)),
    duration_ms UInt64 COMMENT 'time from the first to the last event of those whose duration is known, milliseconds' CODEC(T64, ZSTD(1)),
    timed UInt64 COMMENT 'visits whose duration is known' CODEC(T64, ZSTD(1)),
    engaged_ms UInt64 COMMENT 'time of attention in those that tell of it, milliseconds' CODEC(T64, ZSTD(1)),
    measured UInt64 COMMENT 'visits that tell of attention' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation)
TTL window + INTERVAL 400 DAY
COMMENT 'visit_totals_days: visits to the site as a whole';
