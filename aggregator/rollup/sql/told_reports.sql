-- What browsers reported by themselves, by what each report stands for.
--
-- name: told_reports
-- source: counted
-- reads: error_kind phase error_type error_source path asn country weight bot type
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   kind LowCardinality(String): network-error, csp-violation, deprecation, intervention or crash
--   phase LowCardinality(String): where the network failed: dns, connection or application
--   detail LowCardinality(String): type of a network error, directive of a content policy, id of a deprecation, reason of a crash
--   source String: what it is about: pattern or host of an address, scrubbed
--   path LowCardinality(String): path of the page, scrubbed
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   occurrences_weight UInt64 = sum(occurrences_weight): occurrences that the reports stand for, thousandths
SELECT {carry}, error_kind AS kind, phase, error_type AS detail, error_source AS source, path, asn, country, toUInt64(round(1000 * greatest(1, weight))) AS occurrences_weight
FROM {source}
WHERE bot = '' AND consent != 'refused' AND type = 'report'
