-- Client's and server's view of the same pages side by side: how long the first byte took, and how long the server says that it took; how
-- often it failed, as browsers say and as the server's own log does.
--
-- name: server_side
-- source: page_responses
-- window: day
-- visitor: no
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   browser UInt64 = sum(browser): times to the first byte that browsers measured
--   browser_p50 Nullable(Float64) = times50(browser_buckets): milliseconds to the first byte that half of the browsers exceeded; NULL is unknown
--   browser_p75 Nullable(Float64) = times75(browser_buckets): milliseconds to the first byte that a quarter of the browsers exceeded; NULL is unknown
--   browser_failures UInt64 = weight(browser_failures_weight): answers 5xx that browsers tell of, by what each row stands for
--   server UInt64 = sum(server): times that the servers' own logs tell
--   server_p50 Nullable(Float64) = times50(server_buckets): milliseconds that the server took for half of its answers, or longer; NULL is unknown
--   server_p75 Nullable(Float64) = times75(server_buckets): milliseconds that the server took for a quarter of its answers, or longer; NULL is unknown
--   server_failures UInt64 = weight(server_failures_weight): answers 5xx in the servers' own logs, by what each row stands for
SELECT {carry}, path, browser, server, browser_failures_weight, server_failures_weight, browser_buckets, server_buckets
FROM {source}
WHERE browser + server + browser_failures_weight + server_failures_weight > 0
