-- What servers' own logs say of failures is judged too; an incident may be closed for another reason than that it was calm again; and each
-- webhook has rows of its own for what it was told, so that a slow one holds nobody else up and tries survive a restart.
-- +goose Up
ALTER TABLE signal_windows
    ADD COLUMN IF NOT EXISTS server_answers Float64 COMMENT 'answers that the server''s own log tells of' CODEC(ZSTD(1)) AFTER network_for,
    ADD COLUMN IF NOT EXISTS server_failed  Float64 COMMENT 'of these, 5xx' CODEC(ZSTD(1)) AFTER server_answers;

ALTER TABLE incidents
    ADD COLUMN IF NOT EXISTS reason String COMMENT 'why it was closed, where nobody saw that it was calm again' CODEC(ZSTD(1)) AFTER text,
    COMMENT COLUMN signal 'views, ttfb, lcp, inp, errors, failures, network_errors or server_failures';

ALTER TABLE incidents
    DROP COLUMN IF EXISTS told;

CREATE TABLE IF NOT EXISTS incident_posts
(
    incident String COMMENT 'which one' CODEC(ZSTD(1)),
    hook     String COMMENT 'fingerprint of the webhook''s kind and address, which leads back to neither' CODEC(ZSTD(1)),
    state    LowCardinality(String) COMMENT 'of the incident, which the message tells: open or closed' CODEC(ZSTD(1)),
    outcome  LowCardinality(String) COMMENT 'trying, sent or given_up' CODEC(ZSTD(1)),
    tries    UInt16 COMMENT 'how many times it was tried' CODEC(ZSTD(1)),
    again    DateTime('UTC') COMMENT 'when it is tried again, unless it was sent' CODEC(ZSTD(1)),
    posted   DateTime('UTC') COMMENT 'when it was tried last' CODEC(ZSTD(1)),
    version  UInt64 COMMENT 'microsecond of this state by the clock of the database; the newest counts' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (incident, hook, state)
TTL posted + INTERVAL 60 DAY
COMMENT 'incident_posts: what each webhook was told of incidents';
