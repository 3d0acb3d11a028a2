-- What the daily round of retention found to be left, of each table and purpose: the proof that nothing is kept past its time.
-- +goose Up
CREATE TABLE IF NOT EXISTS retention_proofs
(
    proven  DateTime64(3, 'UTC')   COMMENT 'when the round looked' CODEC(ZSTD(1)),
    of      LowCardinality(String) COMMENT 'table that was looked at' CODEC(ZSTD(1)),
    purpose LowCardinality(String) COMMENT 'purpose of the policy that the table serves' CODEC(ZSTD(1)),
    days    UInt16                 COMMENT 'how long the policy lets anything be kept for the purpose' CODEC(ZSTD(1)),
    oldest  DateTime('UTC')        COMMENT 'time of the oldest row that was left; 1970 is none' CODEC(ZSTD(1)),
    overdue UInt64                 COMMENT 'rows past their time that were left; anything but 0 is a fault' CODEC(ZSTD(1)),
    removed UInt64                 COMMENT 'rows and values of the table that the round removed' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(proven)
ORDER BY (of, purpose, proven)
TTL toDateTime(proven) + INTERVAL 1095 DAY
COMMENT 'retention_proofs: what the daily round of retention left of each table and purpose';
