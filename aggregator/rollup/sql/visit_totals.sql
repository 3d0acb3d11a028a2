-- Visits to the site as a whole.
--
-- name: visit_totals
-- source: visits
-- window: day
-- visitor: yes
-- dimensions:
-- measures:
--   visits UInt64 = sum(visits): visits that began
--   visitors UInt64 = visitors(visits): distinct visitors who came
--   bounces UInt64 = sum(bounces): visits of one page view, without a custom event, a goal or ten seconds of attention
--   views UInt64 = sum(views): page views in them
--   events UInt64 = sum(events): custom events in them
--   converted UInt64 = sum(converted): visits that reached a goal
--   duration_seconds Float64 = seconds(duration_ms): time from the first to the last event of those whose duration is known
--   timed UInt64 = sum(timed): visits whose duration is known
--   engaged_seconds Float64 = seconds(engaged_ms): time of attention in those that tell of it
--   measured UInt64 = sum(measured): visits that tell of attention
SELECT {carry}, 1 AS visits, bounce AS bounces, views, events, notEmpty(goals) AS converted, duration_ms, timed, engaged_ms, engaged_ms > 0 AS measured
FROM {source}
