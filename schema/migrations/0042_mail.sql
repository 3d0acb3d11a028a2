-- Opened e-mails are counted by e-mail, one to a recipient, so that one that is opened again is told from another that is opened; and the
-- clicks in them. Nothing had been stored of any before.
-- +goose Up
ALTER TABLE openings
    ADD COLUMN IF NOT EXISTS visitor UInt64 COMMENT 'keyed hash of the e-mail' CODEC(ZSTD(1)) AFTER generation,
    ADD COLUMN IF NOT EXISTS consented UInt8 COMMENT '1: consented to analytics or advertising, so the hash is the same on other days' CODEC(ZSTD(1)) AFTER visitor,
    ADD COLUMN IF NOT EXISTS clicks UInt32 COMMENT 'times that a link in the e-mail was followed' CODEC(T64, ZSTD(1)) AFTER opens,
    ADD COLUMN IF NOT EXISTS acts UInt32 COMMENT 'both' CODEC(T64, ZSTD(1)) AFTER clicks;

CREATE TABLE IF NOT EXISTS opens_days
(
    site LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    window DateTime('UTC') COMMENT 'start of the window' CODEC(Delta, ZSTD(1)),
    generation UInt64 COMMENT 'which computation of the window wrote this row; rollup_windows says which counts' CODEC(ZSTD(1)),
    campaign LowCardinality(String) COMMENT 'campaign of the e-mail' CODEC(ZSTD(1)),
    reader LowCardinality(String) COMMENT 'human, proxy, prefetch or scanner' CODEC(ZSTD(1)),
    opens UInt64 COMMENT 'times that the picture in an e-mail was fetched' CODEC(T64, ZSTD(1)),
    clicks UInt64 COMMENT 'times that a link in an e-mail was followed' CODEC(T64, ZSTD(1)),
    mails UInt64 COMMENT 'distinct e-mails that were opened or followed; each day counts its own' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window)
PRIMARY KEY (site, window, generation)
ORDER BY (site, window, generation, campaign, reader)
TTL window + INTERVAL 400 DAY
COMMENT 'opens_days: how many times e-mails were opened and followed';
