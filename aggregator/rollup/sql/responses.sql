-- How pages fared, as browsers measured it and as the servers themselves tell.
--
-- name: responses
-- source: counted
-- reads: path type vitals error_kind weight status server_ms bot
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   views UInt64 = sum(views): page views of people
--   errors UInt64 = sum(errors): script errors, by what each stands for
--   browser UInt64 = sum(browser): times to the first byte that browsers measured
--   server UInt64 = sum(server): times that the servers' own logs tell
--   failures UInt64 = sum(failures): answers 5xx
--   browser_buckets Map(UInt8, UInt64) = summap(browser_buckets): times to the first byte by their size: eight classes double it
--   server_buckets Map(UInt8, UInt64) = summap(server_buckets): the servers' own times by their size
SELECT {carry}, path, type = 'pageview' AS views, if(type = 'error' AND error_kind IN ('', 'error', 'unhandledrejection'), toUInt64(greatest(1, round(weight))), 0) AS errors,
       type = 'vitals' AND mapContains(vitals, 'ttfb') AS browser, server_ms > 0 AS server, if(status > 0, status, toUInt16(vitals['status'])) >= 500 AS failures,
       if(type = 'vitals' AND mapContains(vitals, 'ttfb'), map(toUInt8(least(255, greatest(0, floor(8 * log2(greatest(1, vitals['ttfb'])))))), toUInt64(1)), CAST(map(), 'Map(UInt8, UInt64)')) AS browser_buckets,
       if(server_ms > 0, map(toUInt8(least(255, greatest(0, floor(8 * log2(greatest(1, server_ms)))))), toUInt64(1)), CAST(map(), 'Map(UInt8, UInt64)')) AS server_buckets
FROM {source}
WHERE bot = '' AND consent != 'refused'
