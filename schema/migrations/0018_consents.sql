-- One row a decision of a visitor: what was chosen, under which policy, in which language and where. It is the proof that somebody
-- has consented, so it outlives what was collected on that ground; a refusal is kept as well, of nobody: it has no visitor.
--
-- Order: the decisions of a visitor lie together, since the visitor's page asks for them; the receipt is random and never comes twice,
-- so a row that does is the same one.
-- +goose Up
CREATE TABLE IF NOT EXISTS consents
(
    site           LowCardinality(String) COMMENT 'site id, as in the sites file',
    ts             DateTime64(3, 'UTC') COMMENT 'when it was decided' CODEC(Delta, ZSTD(1)),
    visitor        UInt64 COMMENT 'keyed hash of the cookie of who consented, now or before; 0 is nobody',
    receipt        String COMMENT 'random; the visitor has it too' CODEC(ZSTD(1)),
    action         LowCardinality(String) COMMENT 'given, withdrawn or erase',
    level          LowCardinality(String) COMMENT 'level of consent from then on: refused, essential, analytics or advertising',
    policy_version LowCardinality(String) COMMENT 'version of the privacy policy that was in force',
    language       LowCardinality(String) COMMENT 'language in which it was asked',
    how            LowCardinality(String) COMMENT 'where it was decided: banner, script (a banner of the site''s own) or page (the visitor''s page)'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (site, visitor, receipt)
TTL toDateTime(ts) + INTERVAL 1096 DAY
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000
COMMENT 'consents: one row a decision, the proof of consent';
