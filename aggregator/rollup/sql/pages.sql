-- What was read.
--
-- name: pages
-- source: reading
-- window: day
-- visitor: yes
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   views UInt64 = sum(views): page views
--   visitors UInt64 = visitors(views): distinct visitors who opened it
--   events UInt64 = sum(events): custom events on it
--   engaged_seconds Float64 = seconds(engaged_ms): time that it was visible and in focus
--   engaged_median Nullable(Float64) = median(engaged_ms): seconds that half of its visitors exceeded in a day; NULL is unknown
--   engaged_p75 Nullable(Float64) = p75(engaged_ms): seconds that a quarter of its visitors exceeded in a day; NULL is unknown
--   scroll Nullable(Float64) = mean(scroll): deepest point that a visitor saw in a day, per cent, on average; NULL is unknown
SELECT {carry}, path, views, events, engaged_ms, scroll
FROM {source}
