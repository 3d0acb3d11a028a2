-- What a row stands for (1 divided by the share that was sampled) is kept in thousandths and rounded once, when it is read: rounded by the row,
-- a share of 0.7 lost three in ten. Failures and refusals count by it too. What a browser and the server's own log tell of the same answer
-- is told apart, so that nobody adds them up.
--
-- The tables have new names, which no computed window has: all is computed again from events, and never added to what was rounded.
-- +goose Up
CREATE TABLE IF NOT EXISTS vital_times
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    metric LowCardinality(String) COMMENT 'ttfb, fcp, lcp or inp in milliseconds, cls in thousandths' CODEC(ZSTD(1)),
    dimension LowCardinality(String) COMMENT 'all, path, country, asn, device or protocol' CODEC(ZSTD(1)),
    value String COMMENT 'the path, the country, ...; empty is unknown' CODEC(ZSTD(1)),
    samples UInt64 COMMENT 'measurements' CODEC(T64, ZSTD(1)),
    buckets Map(UInt8, UInt64) COMMENT 'measurements by their size: eight classes double it' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, metric, dimension, value)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'vital_times: How long pages took, as browsers measured it: how often each size was measured. A measurement stands in a row of each dimension';

CREATE TABLE IF NOT EXISTS page_faults
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    visitor UInt64 COMMENT 'keyed hash; without consent it lives one day and cannot be linked to another' CODEC(ZSTD(1)),
    consented UInt8 COMMENT '1: consented to analytics or advertising, so the hash is the same on other days' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'error, unhandledrejection, resource, fetch, longtask ...' CODEC(ZSTD(1)),
    fingerprint UInt64 COMMENT 'the same cause has the same number; 0 is none' CODEC(T64, ZSTD(1)),
    message String COMMENT 'what the browser said, scrubbed, its beginning' CODEC(ZSTD(1)),
    source String COMMENT 'script or file that it came from, without query' CODEC(ZSTD(1)),
    errors_weight UInt64 COMMENT 'faults, by what each stands for, thousandths' CODEC(T64, ZSTD(1)),
    first_seen UInt32 COMMENT '4294967295 less the second of the first one' CODEC(T64, ZSTD(1)),
    last_seen UInt32 COMMENT 'second of the last one' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, kind, fingerprint, message, source, visitor)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 90 DAY
COMMENT 'page_faults: One row a visitor and cause of a fault on a page';

CREATE TABLE IF NOT EXISTS told_answers
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    told_by LowCardinality(String) COMMENT 'browser, or server: its own log, where that is imported' CODEC(ZSTD(1)),
    status UInt16 COMMENT 'HTTP status of the answer' CODEC(T64, ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the page, scrubbed' CODEC(ZSTD(1)),
    answers_weight UInt64 COMMENT 'answers to people, by what each row stands for, thousandths' CODEC(T64, ZSTD(1)),
    bot_answers_weight UInt64 COMMENT 'answers to bots, by what each row stands for, thousandths' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, told_by, status, path)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'told_answers: Answers of the sites'' servers, as browsers tell of them, and as the servers'' own logs do';

CREATE TABLE IF NOT EXISTS told_reports
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'network-error, csp-violation, deprecation, intervention or crash' CODEC(ZSTD(1)),
    phase LowCardinality(String) COMMENT 'where the network failed: dns, connection or application' CODEC(ZSTD(1)),
    detail LowCardinality(String) COMMENT 'type of a network error, directive of a content policy, id of a deprecation, reason of a crash' CODEC(ZSTD(1)),
    source String COMMENT 'what it is about: pattern or host of an address, scrubbed' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the page, scrubbed' CODEC(ZSTD(1)),
    asn UInt32 COMMENT 'autonomous system; 0 is unknown' CODEC(T64, ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country; empty is unknown' CODEC(ZSTD(1)),
    occurrences_weight UInt64 COMMENT 'occurrences that the reports stand for, thousandths' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, kind, phase, detail, source, path, asn, country)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'told_reports: What browsers reported by themselves, by what each report stands for';

CREATE TABLE IF NOT EXISTS network_requests
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    told_by LowCardinality(String) COMMENT 'browser, or server: its own log, where that is imported' CODEC(ZSTD(1)),
    network LowCardinality(String) COMMENT 'the address cut to /24 (IPv4) or /48 (IPv6)' CODEC(ZSTD(1)),
    asn UInt32 COMMENT 'autonomous system; 0 is unknown' CODEC(T64, ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 country; empty is unknown' CODEC(ZSTD(1)),
    requests UInt64 COMMENT 'events of every type, each once' CODEC(T64, ZSTD(1)),
    bot_requests UInt64 COMMENT 'of these, those of bots' CODEC(T64, ZSTD(1)),
    refused_weight UInt64 COMMENT 'requests that were answered with 4xx, by what each row stands for, thousandths' CODEC(T64, ZSTD(1)),
    failures_weight UInt64 COMMENT 'requests that were answered with 5xx, by what each row stands for, thousandths' CODEC(T64, ZSTD(1)),
    faults_weight UInt64 COMMENT 'faults of pages and reports of browsers, by what each stands for, thousandths' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, told_by, network, asn, country)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 90 DAY
COMMENT 'network_requests: What each network asked for and how it fared: abusive clients and broken networks';

CREATE TABLE IF NOT EXISTS page_responses
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    tier Enum8('5m' = 0, 'hour' = 1, 'day' = 2) COMMENT 'how long the window is' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'path of the page, scrubbed' CODEC(ZSTD(1)),
    views UInt64 COMMENT 'page views of people, without those that only a server''s log tells of' CODEC(T64, ZSTD(1)),
    errors_weight UInt64 COMMENT 'script errors, by what each stands for, thousandths' CODEC(T64, ZSTD(1)),
    browser UInt64 COMMENT 'times to the first byte that browsers measured' CODEC(T64, ZSTD(1)),
    server UInt64 COMMENT 'times that the servers'' own logs tell' CODEC(T64, ZSTD(1)),
    browser_failures_weight UInt64 COMMENT 'answers 5xx that browsers tell of, by what each row stands for, thousandths' CODEC(T64, ZSTD(1)),
    server_failures_weight UInt64 COMMENT 'answers 5xx in the servers'' own logs, by what each row stands for, thousandths' CODEC(T64, ZSTD(1)),
    browser_buckets Map(UInt8, UInt64) COMMENT 'times to the first byte by their size: eight classes double it' CODEC(ZSTD(1)),
    server_buckets Map(UInt8, UInt64) COMMENT 'the servers'' own times by their size' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (tier, toYYYYMM(window))
PRIMARY KEY (site, tier, window, generation)
ORDER BY (site, tier, window, generation, path)
TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY
COMMENT 'page_responses: How pages fared, as browsers measured it and as the servers themselves tell';

ALTER TABLE errors_days
    ADD COLUMN IF NOT EXISTS errors_weight UInt64 COMMENT 'faults, by what each stands for, thousandths' CODEC(T64, ZSTD(1)) AFTER source;

ALTER TABLE errors_days
    DROP COLUMN IF EXISTS errors;

DROP TABLE IF EXISTS timings;

DROP TABLE IF EXISTS script_errors;

DROP TABLE IF EXISTS answers;

DROP TABLE IF EXISTS browser_reports;

DROP TABLE IF EXISTS client_requests;

DROP TABLE IF EXISTS responses;
