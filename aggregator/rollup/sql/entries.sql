-- The pages that visits begin with.
--
-- name: entries
-- source: visits
-- window: day
-- visitor: yes
-- dimensions:
--   path LowCardinality(String): path of the first page view, scrubbed
-- measures:
--   visits UInt64 = sum(visits): visits that began with it
--   visitors UInt64 = visitors(visits): distinct visitors who came so
--   bounces UInt64 = sum(bounces): of these, visits of one page view, without a custom event, a goal or ten seconds of attention
--   views UInt64 = sum(views): page views in these visits
--   converted UInt64 = sum(converted): visits that reached a goal
--   duration_seconds Float64 = seconds(duration_ms): time from the first to the last event of those whose duration is known
--   timed UInt64 = sum(timed): visits whose duration is known
SELECT {carry}, entry AS path, 1 AS visits, bounce AS bounces, toUInt64(views) AS views, notEmpty(goals) AS converted, duration_ms, timed
FROM {source}
WHERE entry != ''
