-- How an event came in. A page that has the script and whose server's log is imported too is counted by both: a report has to
-- be able to tell one from the other. What was stored before has none.
-- +goose Up
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS origin LowCardinality(String)
    COMMENT 'how it came in: script, pixel or log; empty if it was stored before this column' CODEC(ZSTD(1)) AFTER type;
