-- What went wrong, in which request, and how often: columns for the measurements of the script's diagnostics, the browsers' own reports and
-- the servers' logs. They are columns of events and no table of their own, so that rollups, erasure, blocking and retention reach them
-- as they are. Few rows have them: in all others they are empty and take next to nothing.
-- +goose Up
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS protocol LowCardinality(String) COMMENT 'protocol of the page load or of the request that is told of: http/1.1, h2, h3 ...; empty is not known' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS status UInt16 COMMENT 'HTTP status of the answer; 0 is not known' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS method LowCardinality(String) COMMENT 'method of the request that is told of' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS bytes UInt64 COMMENT 'bytes of the answer that travelled; 0 is not known' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS server_ms Float32 COMMENT 'milliseconds that the server behind took for the answer; 0 is not known' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS duration_ms Float32 COMMENT 'milliseconds from the request to the answer or the failure; 0 is not known' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS phase LowCardinality(String) COMMENT 'where the network failed: dns, connection or application' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS error_type LowCardinality(String) COMMENT 'what exactly, within error_kind: type of a network error, directive of a content policy, id of a deprecation, reason of a crash' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS fingerprint UInt64 COMMENT 'the same cause has the same number; 0 is none' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS weight Float32 DEFAULT 1 COMMENT 'occurrences that the row stands for: 1 divided by the share that was sampled' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS attribution Map(LowCardinality(String), String) COMMENT 'what a measurement came from: lcp_element, lcp_url, inp_target, inp_event, cls_target, navigation; scrubbed' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS reference String COMMENT 'support reference that the visitor was told' CODEC(ZSTD(1)),
    COMMENT COLUMN type 'pageview, event, engage, vitals, error or report',
    COMMENT COLUMN origin 'how it came in: script, pixel, log or report; empty if it was stored before this column',
    COMMENT COLUMN error_kind 'kind of fault: error, unhandledrejection, resource, fetch, longtask of a page; network-error, csp-violation, deprecation, intervention, crash of a report';
