-- The day's random salt, shared so that all collectors give one visitor one id. A row lives until its day is over
-- everywhere; then its partition is dropped and the file goes with it at once, not after the usual eight minutes.
-- +goose Up
CREATE TABLE IF NOT EXISTS salts
(
    day  Date COMMENT 'day, in the site''s time zone, whose visitor ids this salt keys',
    salt String COMMENT 'random 16 bytes in hexadecimal; the earliest made is the one in force',
    made DateTime64(6, 'UTC') COMMENT 'when a collector proposed it'
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (day, made)
TTL day + INTERVAL 2 DAY
SETTINGS old_parts_lifetime = 1, ttl_only_drop_parts = 1
COMMENT 'salts: random daily keys of visitor ids, destroyed after their day';
