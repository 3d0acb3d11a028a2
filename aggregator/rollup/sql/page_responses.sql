-- How pages fared, as browsers measured it and as the servers themselves tell.
--
-- name: page_responses
-- source: counted
-- reads: path type vitals error_kind weight status server_ms bot origin
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   views UInt64 = sum(views): page views of people, without those that only a server's log tells of
--   errors_weight UInt64 = sum(errors_weight): script errors, by what each stands for, thousandths
--   browser UInt64 = sum(browser): times to the first byte that browsers measured
--   server UInt64 = sum(server): times that the servers' own logs tell
--   browser_failures_weight UInt64 = sum(browser_failures_weight): answers 5xx that browsers tell of, by what each row stands for, thousandths
--   server_failures_weight UInt64 = sum(server_failures_weight): answers 5xx in the servers' own logs, by what each row stands for, thousandths
--   browser_buckets Map(UInt8, UInt64) = summap(browser_buckets): times to the first byte by their size: eight classes double it
--   server_buckets Map(UInt8, UInt64) = summap(server_buckets): the servers' own times by their size
SELECT {carry}, path, type = 'pageview' AND origin != 'log' AS views, if(type = 'error' AND error_kind IN ('', 'error', 'unhandledrejection'), stands_for, 0) AS errors_weight,
       type = 'vitals' AND mapContains(vitals, 'ttfb') AS browser, server_ms > 0 AS server,
       if(failed AND origin != 'log', stands_for, 0) AS browser_failures_weight, if(failed AND origin = 'log', stands_for, 0) AS server_failures_weight,
       if(type = 'vitals' AND mapContains(vitals, 'ttfb'), map(toUInt8(least(255, greatest(0, floor(8 * log2(greatest(1, vitals['ttfb'])))))), toUInt64(1)), CAST(map(), 'Map(UInt8, UInt64)')) AS browser_buckets,
       if(server_ms > 0, map(toUInt8(least(255, greatest(0, floor(8 * log2(greatest(1, server_ms)))))), toUInt64(1)), CAST(map(), 'Map(UInt8, UInt64)')) AS server_buckets
FROM (SELECT *, if(status > 0, status, toUInt16(vitals['status'])) >= 500 AS failed, toUInt64(round(1000 * greatest(1, weight))) AS stands_for
      FROM {source} WHERE bot = '' AND consent != 'refused')
