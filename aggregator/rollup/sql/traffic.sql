-- The site as a whole.
--
-- name: traffic
-- source: reading
-- window: day
-- visitor: yes
-- dimensions:
-- measures:
--   views UInt64 = sum(views): page views
--   visitors UInt64 = visitors(views): distinct visitors with a page view
--   events UInt64 = sum(events): custom events
--   engaged_seconds Float64 = seconds(engaged_ms): time that pages were visible and in focus
--   engaged_median Nullable(Float64) = median(engaged_ms): seconds that half of the visitors exceeded in a day; NULL is unknown
--   engaged_p75 Nullable(Float64) = p75(engaged_ms): seconds that a quarter of the visitors exceeded in a day; NULL is unknown
SELECT {carry}, views, events, engaged_ms
FROM {source}
