-- The sites, as the aggregator's sites file has them: so that who asks in SQL cuts days and weeks as the site does.
-- +goose Up
CREATE TABLE IF NOT EXISTS sites
(
    id         String COMMENT 'site id',
    time_zone  LowCardinality(String) COMMENT 'IANA time zone; the site''s days begin at its midnight',
    week_start UInt8 COMMENT 'day that weeks begin on: 1 is Monday, 7 is Sunday',
    changed    DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the aggregator read it from the file'
)
ENGINE = ReplacingMergeTree(changed)
ORDER BY id
TTL toDateTime(changed) + INTERVAL 10000 DAY
COMMENT 'sites: time zones and weeks of the sites file';
