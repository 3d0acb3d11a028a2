-- What browsers reported by themselves beside failures of the network: violations of the content policy, deprecations, interventions,
-- crashes.
--
-- name: reports
-- source: told_reports
-- window: day
-- visitor: no
-- dimensions:
--   kind LowCardinality(String): csp-violation, deprecation, intervention or crash
--   detail LowCardinality(String): directive of a content policy, id of a deprecation, reason of a crash
--   source String: what it is about: pattern or host of an address, scrubbed
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   occurrences UInt64 = weight(occurrences_weight): occurrences that the reports stand for
SELECT {carry}, kind, detail, source, path, occurrences_weight
FROM {source}
WHERE kind != 'network-error'
