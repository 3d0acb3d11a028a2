-- One row an event: what the privacy gate let through and the enricher added. Sites, dashboards and tests rely on the names.
--
-- Order: a visitor's events of an hour lie together, so the columns that describe the visitor repeat and compress
-- to almost nothing, and an event that arrived twice with the same id meets itself and is merged into one.
-- A part's least and greatest ts prune the rest. Deduplication of whole segments is by insert_deduplication_token.
-- Types and codecs are the smallest measured on lifelike traffic, in bytes a row: ts 2.33 by T64 against 2.94 by Delta,
-- path 1.18 as LowCardinality with ZSTD against 2.33 as String, network 0.10 against 1.08; the random id alone takes 8.27.
-- +goose Up
CREATE TABLE IF NOT EXISTS events
(
    site            LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    ts              DateTime64(3, 'UTC') COMMENT 'when it happened' CODEC(T64, ZSTD(1)),
    received        DateTime('UTC') COMMENT 'when the collector took it' CODEC(T64, ZSTD(1)),
    type            LowCardinality(String) COMMENT 'pageview, event, engage, vitals or error' CODEC(ZSTD(1)),
    id              String COMMENT 'id of the event, made by the client; the same id counts once' CODEC(ZSTD(1)),
    page            String COMMENT 'id of the page view that an engage, vitals, error or custom event belongs to' CODEC(ZSTD(1)),
    visitor         UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consent         LowCardinality(String) COMMENT 'level at which the event was kept: refused, essential, analytics or advertising' CODEC(ZSTD(1)),
    policy_version  LowCardinality(String) COMMENT 'version of the privacy policy in force' CODEC(ZSTD(1)),
    hostname        LowCardinality(String) COMMENT 'host of the page' CODEC(ZSTD(1)),
    path            LowCardinality(String) COMMENT 'path of the page, scrubbed' CODEC(ZSTD(1)),
    query           LowCardinality(String) COMMENT 'query parameters of the page that the site allows, scrubbed' CODEC(ZSTD(1)),
    title           LowCardinality(String) COMMENT 'title of the page, scrubbed' CODEC(ZSTD(1)),
    referrer_host   LowCardinality(String) COMMENT 'host of the page that led here; empty for direct and internal' CODEC(ZSTD(1)),
    channel         LowCardinality(String) COMMENT 'kind of source: direct, organic search, social, ...' CODEC(ZSTD(1)),
    utm_source      LowCardinality(String) COMMENT 'campaign source' CODEC(ZSTD(1)),
    utm_medium      LowCardinality(String) COMMENT 'campaign medium' CODEC(ZSTD(1)),
    utm_campaign    LowCardinality(String) COMMENT 'campaign name' CODEC(ZSTD(1)),
    utm_term        LowCardinality(String) COMMENT 'campaign term, scrubbed' CODEC(ZSTD(1)),
    utm_content     LowCardinality(String) COMMENT 'campaign content, scrubbed' CODEC(ZSTD(1)),
    click_id        String COMMENT 'advertising click id as name=value; with advertising consent only' CODEC(ZSTD(1)),
    country         LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country of the address; empty is unknown' CODEC(ZSTD(1)),
    region          LowCardinality(String) COMMENT 'ISO 3166-2 subdivision without the country; from analytics consent on' CODEC(ZSTD(1)),
    city            LowCardinality(String) COMMENT 'city, in English; from analytics consent on' CODEC(ZSTD(1)),
    asn             UInt32 COMMENT 'autonomous system of the address; 0 is unknown' CODEC(ZSTD(1)),
    network         LowCardinality(String) COMMENT 'the address cut to /24 (IPv4) or /48 (IPv6)' CODEC(ZSTD(1)),
    network_kind    LowCardinality(String) COMMENT 'who runs the autonomous system: hosting, mobile, isp, corporate, education or government; empty is unknown' CODEC(ZSTD(1)),
    browser         LowCardinality(String) COMMENT 'browser family' CODEC(ZSTD(1)),
    browser_version LowCardinality(String) COMMENT 'browser version; from analytics consent on' CODEC(ZSTD(1)),
    os              LowCardinality(String) COMMENT 'operating system family' CODEC(ZSTD(1)),
    os_version      LowCardinality(String) COMMENT 'operating system version; from analytics consent on' CODEC(ZSTD(1)),
    device          LowCardinality(String) COMMENT 'desktop, mobile, tablet, tv, console, wearable, car or bot' CODEC(ZSTD(1)),
    brand           LowCardinality(String) COMMENT 'maker of the device' CODEC(ZSTD(1)),
    model           LowCardinality(String) COMMENT 'model of the device; from analytics consent on' CODEC(ZSTD(1)),
    app             LowCardinality(String) COMMENT 'application whose web view this is' CODEC(ZSTD(1)),
    bot             LowCardinality(String) COMMENT 'why this is not a person; empty for a person' CODEC(ZSTD(1)),
    screen_width    UInt16 COMMENT 'width of the screen in CSS pixels; below analytics consent that of its class' CODEC(ZSTD(1)),
    screen_height   UInt16 COMMENT 'height of the screen in CSS pixels; below analytics consent that of its class' CODEC(ZSTD(1)),
    viewport_width  UInt16 COMMENT 'width of the window in CSS pixels; from analytics consent on' CODEC(ZSTD(1)),
    viewport_height UInt16 COMMENT 'height of the window in CSS pixels; from analytics consent on' CODEC(ZSTD(1)),
    pixel_ratio     Float32 COMMENT 'device pixels in a CSS pixel; from analytics consent on' CODEC(ZSTD(1)),
    touch           UInt8 COMMENT 'points of touch that the device tells apart; from analytics consent on' CODEC(ZSTD(1)),
    language        LowCardinality(String) COMMENT 'preferred language; below analytics consent its primary subtag' CODEC(ZSTD(1)),
    timezone        LowCardinality(String) COMMENT 'IANA time zone of the browser; from analytics consent on' CODEC(ZSTD(1)),
    engaged_ms      UInt32 COMMENT 'milliseconds that the page was really visible and in focus since the beacon before' CODEC(ZSTD(1)),
    scroll          UInt8 COMMENT 'deepest point of the page seen, per cent' CODEC(ZSTD(1)),
    name            LowCardinality(String) COMMENT 'name of a custom event, scrubbed' CODEC(ZSTD(1)),
    props           Map(LowCardinality(String), String) COMMENT 'properties of a custom event, scrubbed' CODEC(ZSTD(1)),
    value           Float64 COMMENT 'value of a custom event, in currency where that is set' CODEC(ZSTD(1)),
    currency        LowCardinality(String) COMMENT 'ISO 4217 code of the currency of value' CODEC(ZSTD(1)),
    vitals          Map(LowCardinality(String), Float32) COMMENT 'ttfb, fcp, lcp, inp, dns, tcp, tls in ms; cls; status; a missing key is not known' CODEC(ZSTD(1)),
    error_message   String COMMENT 'message of a script error, scrubbed' CODEC(ZSTD(1)),
    error_source    String COMMENT 'script that the error came from, without query' CODEC(ZSTD(1)),
    error_line      UInt32 COMMENT 'line in error_source' CODEC(ZSTD(1)),
    error_column    UInt32 COMMENT 'column in error_source' CODEC(ZSTD(1)),
    error_stack     String COMMENT 'stack of a script error, scrubbed' CODEC(ZSTD(1)),
    error_kind      LowCardinality(String) COMMENT 'kind of a script error: error, unhandledrejection, resource, ...' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (site, toStartOfHour(ts), visitor, id)
TTL toDateTime(ts) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'events: one row an event, purpose analytics (policy.yaml says the rest)';
