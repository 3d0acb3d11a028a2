-- How long pages took, as browsers measured it. Rows of two dimensions or metrics never add up.
--
-- name: vitals
-- source: vital_times
-- window: day
-- visitor: no
-- dimensions:
--   metric LowCardinality(String): ttfb, fcp, lcp or inp in milliseconds, cls in thousandths
--   dimension LowCardinality(String): all, group, path, country, asn, device or protocol
--   value String: the group of pages, the path, the country, ...; empty is unknown
-- measures:
--   samples UInt64 = sum(samples): measurements
--   p50 Nullable(Float64) = times50(buckets): what half of them exceeded; NULL is unknown
--   p75 Nullable(Float64) = times75(buckets): what a quarter of them exceeded; NULL is unknown
--   p95 Nullable(Float64) = times95(buckets): what a twentieth of them exceeded; NULL is unknown
SELECT {carry}, metric, dimension, value, samples, buckets
FROM {source}
