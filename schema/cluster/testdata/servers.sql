-- What of the schema a server of 2018 can hold: no codecs, no dictionaries, no comments. Names and placement are the real ones.
-- +goose Up
CREATE TABLE IF NOT EXISTS events
(
    site String,
    ts DateTime,
    id String,
    visitor UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (site, toStartOfHour(ts), visitor, id);
CREATE TABLE IF NOT EXISTS session_parts
(
    site String,
    start DateTime,
    visitor UInt64,
    rows UInt64
)
ENGINE = SummingMergeTree(rows)
PARTITION BY toYYYYMM(start)
ORDER BY (site, start, visitor);
CREATE MATERIALIZED VIEW IF NOT EXISTS session_parts_of_events TO session_parts AS
SELECT site, ts AS start, visitor, count() AS rows
FROM events
GROUP BY site, start, visitor;
CREATE TABLE IF NOT EXISTS salts
(
    day Date,
    salt String
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;
