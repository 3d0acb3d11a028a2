-- Requests that the network failed, as browsers reported it.
--
-- name: network_errors
-- source: told_reports
-- window: day
-- visitor: no
-- dimensions:
--   phase LowCardinality(String): where the network failed: dns, connection or application
--   detail LowCardinality(String): what exactly: dns.name_not_resolved, tcp.timed_out ...
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   occurrences UInt64 = weight(occurrences_weight): failures that the reports stand for
SELECT {carry}, phase, detail, asn, country, occurrences_weight
FROM {source}
WHERE kind = 'network-error'
