-- When a site got a new version, as who deploys it tells: drawn over the panels, so that a change of numbers has its cause beside it.
-- +goose Up
CREATE TABLE IF NOT EXISTS deployments
(
    site    LowCardinality(String) COMMENT 'site id, as in the sites file' CODEC(ZSTD(1)),
    at      DateTime('UTC') COMMENT 'when visitors got it' CODEC(ZSTD(1)),
    version String COMMENT 'name of the version, as 1.4.2 or a commit' CODEC(ZSTD(1)),
    text    String COMMENT 'what is new, in a line' CODEC(ZSTD(1)),
    noted   DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it was told; the newest line of a version and time counts' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(noted)
ORDER BY (site, at, version)
TTL at + INTERVAL 400 DAY
COMMENT 'deployments: when a site got a new version';
