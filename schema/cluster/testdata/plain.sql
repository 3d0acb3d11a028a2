-- Statements of every shape that a migration may hold; why it is so stands on top of a real one.
-- +goose Up
CREATE TABLE IF NOT EXISTS events
(
    site LowCardinality(String) COMMENT 'a site; its ENGINE = none of ours',
    id   String COMMENT 'it''s an id'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(ts)
ORDER BY (site, id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'events: it''s one row an event';

-- A comment between two statements.
CREATE TABLE IF NOT EXISTS salts
(
    day Date COMMENT 'day'
)
ENGINE = MergeTree
ORDER BY day;
CREATE MATERIALIZED VIEW IF NOT EXISTS session_parts_of_events TO session_parts AS
SELECT site, visitor, count() AS views
FROM events
GROUP BY site, visitor;
CREATE VIEW IF NOT EXISTS counted AS
SELECT * FROM events FINAL;
CREATE OR REPLACE VIEW pages AS
WITH (SELECT max(day) FROM salts) AS cover
SELECT site, cover FROM events WHERE site = {site: String};
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS origin LowCardinality(String)
    COMMENT 'how it came in' CODEC(ZSTD(1)) AFTER type;
ALTER TABLE events DROP COLUMN IF EXISTS origin;
ALTER TABLE events MODIFY TTL toDateTime(ts) + INTERVAL 400 DAY;
ALTER TABLE salts ADD COLUMN IF NOT EXISTS note String COMMENT 'note';
ALTER TABLE session_parts_of_events MODIFY QUERY SELECT 1 AS site;
DROP VIEW IF EXISTS pages;
DROP TABLE IF EXISTS network_log SYNC;
SELECT 1;
