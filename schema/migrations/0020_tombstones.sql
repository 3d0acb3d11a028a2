-- Who was erased: a keyed hash that tells whether a row that comes later is theirs, and nothing else. Collectors read it before they deliver.
-- +goose Up
CREATE TABLE IF NOT EXISTS tombstones
(
    site   LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    mark   UInt64 COMMENT 'keyed hash of the visitor who was erased' CODEC(ZSTD(1)),
    made   DateTime64(3, 'UTC') COMMENT 'when the erasure began' CODEC(ZSTD(1)),
    ticket String COMMENT 'the request, as in subject_requests' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(made)
ORDER BY (site, mark)
TTL toDateTime(made) + INTERVAL 10000 DAY
COMMENT 'tombstones: keyed hashes of who was erased, so that their rows are refused when they come again';
