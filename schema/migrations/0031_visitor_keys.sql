-- Which visitor key the ids in this database are made with. With another one nobody would be found, and an erasure would state that
-- nothing was there: so collectors deliver nothing and aggregators answer nobody until the file is the right one.
-- +goose Up
CREATE TABLE IF NOT EXISTS visitor_keys
(
    generation  UInt32 COMMENT 'how many keys were lost before; of the highest, the earliest counts' CODEC(ZSTD(1)),
    fingerprint String COMMENT 'tells the key from others, and nothing of it' CODEC(ZSTD(1)),
    made        DateTime64(3, 'UTC') COMMENT 'when it was told to the database' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (generation, made)
TTL toDateTime(made) + INTERVAL 10000 DAY
COMMENT 'visitor_keys: fingerprints of the keys that visitors'' ids are made with';
