-- One row an event: what the privacy gate let through and the enricher added. Names are a contract (schema/README.md).
--
-- Order: a visitor's events of an hour lie together, so the columns that describe the visitor repeat and compress
-- to almost nothing, and an event that arrived twice with the same id meets itself and is merged into one.
-- A part's least and greatest ts prune the rest. Deduplication of whole segments is by insert_deduplication_token.
-- +goose Up
CREATE TABLE IF NOT EXISTS events
(
    site            LowCardinality(String) COMMENT 'site id, as in the sites file',
    ts              DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it happened',
    received        DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the collector took it',
    type            LowCardinality(String) COMMENT 'pageview, event, engage, vitals or error',
    id              String CODEC(ZSTD(1)) COMMENT 'id of the event, made by the client; the same id counts once',
    page            String CODEC(ZSTD(1)) COMMENT 'id of the page view that an engage, vitals, error or custom event belongs to',
    visitor         UInt64 CODEC(ZSTD(1)) COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another',
    consent         LowCardinality(String) COMMENT 'level at which the event was kept: refused, essential, analytics or advertising',
    policy_version  LowCardinality(String) COMMENT 'version of the privacy policy in force',
    hostname        LowCardinality(String) COMMENT 'host of the page',
    path            String CODEC(ZSTD(1)) COMMENT 'path of the page, scrubbed',
    query           String CODEC(ZSTD(1)) COMMENT 'query parameters of the page that the site allows, scrubbed',
    title           String CODEC(ZSTD(1)) COMMENT 'title of the page, scrubbed',
    referrer_host   LowCardinality(String) COMMENT 'host of the page that led here; empty for direct and internal',
    channel         LowCardinality(String) COMMENT 'kind of source: direct, organic search, social, ...',
    utm_source      LowCardinality(String) COMMENT 'campaign source',
    utm_medium      LowCardinality(String) COMMENT 'campaign medium',
    utm_campaign    LowCardinality(String) COMMENT 'campaign name',
    utm_term        LowCardinality(String) COMMENT 'campaign term, scrubbed',
    utm_content     LowCardinality(String) COMMENT 'campaign content, scrubbed',
    click_id        String CODEC(ZSTD(1)) COMMENT 'advertising click id as name=value; with advertising consent only',
    country         LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country of the address; empty is unknown',
    region          LowCardinality(String) COMMENT 'ISO 3166-2 subdivision without the country; from analytics consent on',
    city            LowCardinality(String) COMMENT 'city, in English; from analytics consent on',
    asn             UInt32 CODEC(ZSTD(1)) COMMENT 'autonomous system of the address; 0 is unknown',
    network         String CODEC(ZSTD(1)) COMMENT 'the address cut to /24 (IPv4) or /48 (IPv6)',
    browser         LowCardinality(String) COMMENT 'browser family',
    browser_version LowCardinality(String) COMMENT 'browser version; from analytics consent on',
    os              LowCardinality(String) COMMENT 'operating system family',
    os_version      LowCardinality(String) COMMENT 'operating system version; from analytics consent on',
    device          LowCardinality(String) COMMENT 'desktop, mobile, tablet, tv, console, wearable, car or bot',
    brand           LowCardinality(String) COMMENT 'maker of the device',
    model           LowCardinality(String) COMMENT 'model of the device; from analytics consent on',
    app             LowCardinality(String) COMMENT 'application whose web view this is',
    bot             LowCardinality(String) COMMENT 'why this is not a person; empty for a person',
    screen_width    UInt16 CODEC(ZSTD(1)) COMMENT 'width of the screen in CSS pixels; below analytics consent that of its class',
    screen_height   UInt16 CODEC(ZSTD(1)) COMMENT 'height of the screen in CSS pixels; below analytics consent that of its class',
    viewport_width  UInt16 CODEC(ZSTD(1)) COMMENT 'width of the window in CSS pixels; from analytics consent on',
    viewport_height UInt16 CODEC(ZSTD(1)) COMMENT 'height of the window in CSS pixels; from analytics consent on',
    pixel_ratio     Float32 CODEC(ZSTD(1)) COMMENT 'device pixels in a CSS pixel; from analytics consent on',
    touch           UInt8 CODEC(ZSTD(1)) COMMENT 'points of touch that the device tells apart; from analytics consent on',
    language        LowCardinality(String) COMMENT 'preferred language; below analytics consent its primary subtag',
    timezone        LowCardinality(String) COMMENT 'IANA time zone of the browser; from analytics consent on',
    engaged_ms      UInt32 CODEC(ZSTD(1)) COMMENT 'milliseconds that the page was really visible and in focus since the beacon before',
    scroll          UInt8 CODEC(ZSTD(1)) COMMENT 'deepest point of the page seen, per cent',
    name            LowCardinality(String) COMMENT 'name of a custom event, scrubbed',
    props           Map(LowCardinality(String), String) CODEC(ZSTD(1)) COMMENT 'properties of a custom event, scrubbed',
    value           Float64 CODEC(ZSTD(1)) COMMENT 'value of a custom event, in currency where that is set',
    currency        LowCardinality(String) COMMENT 'ISO 4217 code of the currency of value',
    vitals          Map(LowCardinality(String), Float32) CODEC(ZSTD(1)) COMMENT 'ttfb, fcp, lcp, inp, dns, tcp, tls in ms; cls; status; a missing key is not known',
    error_message   String CODEC(ZSTD(1)) COMMENT 'message of a script error, scrubbed',
    error_source    String CODEC(ZSTD(1)) COMMENT 'script that the error came from, without query',
    error_line      UInt32 CODEC(ZSTD(1)) COMMENT 'line in error_source',
    error_column    UInt32 CODEC(ZSTD(1)) COMMENT 'column in error_source',
    error_stack     String CODEC(ZSTD(1)) COMMENT 'stack of a script error, scrubbed',
    error_kind      LowCardinality(String) COMMENT 'kind of a script error: error, unhandledrejection, resource, ...'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (site, toStartOfHour(ts), visitor, id)
TTL toDateTime(ts) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'events: one row an event, purpose analytics (policy.yaml says the rest)';
