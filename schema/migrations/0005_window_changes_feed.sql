-- Every insert into events leaves its windows in window_changes. nowInBlock64 is the time at which the rows are written, not that at which
-- the insert began to arrive.
-- +goose Up
CREATE MATERIALIZED VIEW IF NOT EXISTS window_changes_feed TO window_changes AS
SELECT site, toStartOfFiveMinute(ts) AS window, count() AS changes, max(nowInBlock64(3, 'UTC')) AS last_changed
FROM events
GROUP BY site, window;
