-- The rollups' tables. The files of the rollups (aggregator/rollup/sql) say what the columns hold; a check compares them with these.
--
-- A base holds what each visitor did in a window: its tiers 5m and hour all visitors, its tier day only those whose id is the same on
-- another day. A table of days holds the numbers of closed days. Rows carry the generation that computed them; rollup_windows says which
-- generation counts. Never a Replacing engine: a merge must not take what a query still reads.
-- Order: the values before the visitor's random id, so that they compress to almost nothing: 8 of 10 bytes of a row are the id. Where a
-- visitor has several rows, the id comes first, and is written once.
-- +goose Up
CREATE TABLE IF NOT EXISTS actions
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visitor UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consented UInt8 COMMENT '1: consented to analytics or advertising, so the hash is the same on other days' CODEC(ZSTD(1)),
    name LowCardinality(String) COMMENT 'name of the event' CODEC(ZSTD(1)),
    property LowCardinality(String) COMMENT 'property; empty in the row of the event itself' CODEC(ZSTD(1)),
    content String COMMENT 'value of the property' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the currency of amount; empty is none' CODEC(ZSTD(1)),
    events UInt32 COMMENT 'custom events' CODEC(T64, ZSTD(1)),
    amount Decimal(38, 4) COMMENT 'their values added up; in the row of the event itself only' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, visitor, name, property, content, currency)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'actions: one row a visitor and custom event, and one for each of its properties';

CREATE TABLE IF NOT EXISTS arrivals
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visitor UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consented UInt8 COMMENT '1: consented to analytics or advertising, so the hash is the same on other days' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'kind of source: direct, organic search, social, ai assistant, ...' CODEC(ZSTD(1)),
    referrer_host LowCardinality(String) COMMENT 'host of the page that led here' CODEC(ZSTD(1)),
    utm_source LowCardinality(String) COMMENT 'campaign source' CODEC(ZSTD(1)),
    utm_medium LowCardinality(String) COMMENT 'campaign medium' CODEC(ZSTD(1)),
    utm_campaign LowCardinality(String) COMMENT 'campaign name' CODEC(ZSTD(1)),
    utm_term LowCardinality(String) COMMENT 'campaign term' CODEC(ZSTD(1)),
    utm_content LowCardinality(String) COMMENT 'campaign content' CODEC(ZSTD(1)),
    arrivals UInt32 COMMENT 'page views that no other page of the site led to' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, channel, referrer_host, utm_source, utm_medium, utm_campaign, utm_term, utm_content, visitor)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'arrivals: one row a visitor and source: page views that something outside of the site led to';

CREATE TABLE IF NOT EXISTS nets
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    network LowCardinality(String) COMMENT 'the address cut to /24 (IPv4) or /48 (IPv6)' CODEC(ZSTD(1)),
    asn UInt32 COMMENT 'autonomous system; 0 is unknown' CODEC(T64, ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country; empty is unknown' CODEC(ZSTD(1)),
    views UInt32 COMMENT 'page views of people' CODEC(T64, ZSTD(1)),
    bot_views UInt32 COMMENT 'page views of bots' CODEC(T64, ZSTD(1)),
    events UInt32 COMMENT 'events of every type' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, network, asn, country)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 90 DAY
COMMENT 'nets: traffic of each network, bots included: for administering the site, and not kept longer than that needs';

CREATE TABLE IF NOT EXISTS openings
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    campaign LowCardinality(String) COMMENT 'campaign of the e-mail' CODEC(ZSTD(1)),
    reader LowCardinality(String) COMMENT 'human, proxy, prefetch or scanner' CODEC(ZSTD(1)),
    opens UInt32 COMMENT 'times that the picture in the e-mail was fetched' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, campaign, reader)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'openings: e-mails that were opened, by who opened them';

CREATE TABLE IF NOT EXISTS presence
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visitor UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consented UInt8 COMMENT '1: consented to analytics or advertising, so the hash is the same on other days' CODEC(ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country; empty is unknown' CODEC(ZSTD(1)),
    region LowCardinality(String) COMMENT 'ISO 3166-2 subdivision without the country' CODEC(ZSTD(1)),
    city LowCardinality(String) COMMENT 'city, in English' CODEC(ZSTD(1)),
    asn UInt32 COMMENT 'autonomous system; 0 is unknown' CODEC(T64, ZSTD(1)),
    browser LowCardinality(String) COMMENT 'browser family' CODEC(ZSTD(1)),
    browser_version LowCardinality(String) COMMENT 'browser version' CODEC(ZSTD(1)),
    os LowCardinality(String) COMMENT 'operating system family' CODEC(ZSTD(1)),
    os_version LowCardinality(String) COMMENT 'operating system version' CODEC(ZSTD(1)),
    device LowCardinality(String) COMMENT 'desktop, mobile, tablet, tv, console, wearable or car' CODEC(ZSTD(1)),
    brand LowCardinality(String) COMMENT 'maker of the device' CODEC(ZSTD(1)),
    model LowCardinality(String) COMMENT 'model of the device' CODEC(ZSTD(1)),
    screen LowCardinality(String) COMMENT 'width and height in CSS pixels, like 1920x1080; empty is unknown' CODEC(ZSTD(1)),
    language LowCardinality(String) COMMENT 'preferred language' CODEC(ZSTD(1)),
    views UInt32 COMMENT 'page views' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, country, region, city, asn, browser, browser_version, os, os_version, device, brand, model, screen, language, visitor)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'presence: one row a visitor and set of values: with what and from where they looked at pages';

CREATE TABLE IF NOT EXISTS reading
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visitor UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consented UInt8 COMMENT '1: consented to analytics or advertising, so the hash is the same on other days' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the page, scrubbed' CODEC(ZSTD(1)),
    views UInt32 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    events UInt32 COMMENT 'custom events on the page' CODEC(T64, ZSTD(1)),
    engaged_ms UInt64 COMMENT 'milliseconds that the page was visible and in focus; 0 is unknown' CODEC(T64, ZSTD(1)),
    scroll UInt8 COMMENT 'deepest point seen, per cent; 0 is unknown' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, visitor, path)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'reading: one row a visitor and page: how often it was opened, how long it was really visible, how far it was read';

CREATE TABLE IF NOT EXISTS tallies
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    consent LowCardinality(String) COMMENT 'level at which the events were kept' CODEC(ZSTD(1)),
    bot LowCardinality(String) COMMENT 'why this is not a person; empty for a person' CODEC(ZSTD(1)),
    views UInt64 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    events UInt64 COMMENT 'events of every type' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, consent, bot)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 34 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'tallies: everything that was stored, by consent and by why it is not a person: so that what the other reports leave out is visible';

CREATE TABLE IF NOT EXISTS custom_events_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    name LowCardinality(String) COMMENT 'name of the event' CODEC(ZSTD(1)),
    property LowCardinality(String) COMMENT 'property; empty in the row of the event itself' CODEC(ZSTD(1)),
    content String COMMENT 'value of the property' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the currency of amount; empty is none' CODEC(ZSTD(1)),
    events UInt64 COMMENT 'custom events' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who did it; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    amount Decimal(38, 4) COMMENT 'their values added up; in the row of the event itself only' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, name, property, content, currency)
TTL window + INTERVAL 400 DAY
COMMENT 'custom_events_days: what visitors did, as the site itself tells it';

CREATE TABLE IF NOT EXISTS devices_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    dimension LowCardinality(String) COMMENT 'browser, browser_version, os, os_version, device, brand, model, screen or language' CODEC(ZSTD(1)),
    value LowCardinality(String) COMMENT 'the browser, the version, ...; empty is unknown' CODEC(ZSTD(1)),
    detail LowCardinality(String) COMMENT 'family of a version; brand of a model' CODEC(ZSTD(1)),
    views UInt64 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, dimension, value, detail)
TTL window + INTERVAL 400 DAY
COMMENT 'devices_days: with what visitors looked';

CREATE TABLE IF NOT EXISTS links_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'outbound or download' CODEC(ZSTD(1)),
    url String COMMENT 'where the link leads, scrubbed' CODEC(ZSTD(1)),
    clicks UInt64 COMMENT 'clicks' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who clicked; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, kind, url)
TTL window + INTERVAL 400 DAY
COMMENT 'links_days: which links led away from the site, and which files were fetched';

CREATE TABLE IF NOT EXISTS pages_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the page, scrubbed' CODEC(ZSTD(1)),
    views UInt64 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who opened it; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    events UInt64 COMMENT 'custom events on it' CODEC(T64, ZSTD(1)),
    engaged_ms UInt64 COMMENT 'time that it was visible and in focus, milliseconds' CODEC(T64, ZSTD(1)),
    engaged_ms_buckets Map(UInt8, UInt64) COMMENT 'visitors whose engaged_ms is known, by its size: eight classes double it' CODEC(ZSTD(1)),
    scroll_sum UInt64 COMMENT 'each visitor''s greatest scroll, added up' CODEC(T64, ZSTD(1)),
    scroll_count UInt64 COMMENT 'visitors whose scroll is known' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, path)
TTL window + INTERVAL 400 DAY
COMMENT 'pages_days: what was read';

CREATE TABLE IF NOT EXISTS places_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    dimension LowCardinality(String) COMMENT 'country, region, city or asn' CODEC(ZSTD(1)),
    value LowCardinality(String) COMMENT 'code of the country or region, name of the city, number of the autonomous system; empty is unknown' CODEC(ZSTD(1)),
    detail LowCardinality(String) COMMENT 'country of a region; country and region of a city' CODEC(ZSTD(1)),
    views UInt64 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, dimension, value, detail)
TTL window + INTERVAL 400 DAY
COMMENT 'places_days: where visitors were';

CREATE TABLE IF NOT EXISTS sources_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    dimension LowCardinality(String) COMMENT 'channel, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content or campaign' CODEC(ZSTD(1)),
    value LowCardinality(String) COMMENT 'the channel, the referrer''s host, ...' CODEC(ZSTD(1)),
    detail LowCardinality(String) COMMENT 'channel of a referrer; source / medium of a campaign' CODEC(ZSTD(1)),
    arrivals UInt64 COMMENT 'page views that no other page of the site led to' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors who arrived so; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, dimension, value, detail)
TTL window + INTERVAL 400 DAY
COMMENT 'sources_days: where visitors came from';

CREATE TABLE IF NOT EXISTS traffic_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    views UInt64 COMMENT 'page views' CODEC(T64, ZSTD(1)),
    visitors UInt64 COMMENT 'distinct visitors with a page view; without those who consented, who are counted over all days at once' CODEC(T64, ZSTD(1)),
    events UInt64 COMMENT 'custom events' CODEC(T64, ZSTD(1)),
    engaged_ms UInt64 COMMENT 'time that pages were visible and in focus, milliseconds' CODEC(T64, ZSTD(1)),
    engaged_ms_buckets Map(UInt8, UInt64) COMMENT 'visitors whose engaged_ms is known, by its size: eight classes double it' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation)
TTL window + INTERVAL 400 DAY
COMMENT 'traffic_days: the site as a whole';
