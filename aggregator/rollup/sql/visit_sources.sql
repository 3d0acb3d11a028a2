-- Where visits came from. A visit stands in a row of each dimension that is known of it: rows of two dimensions never add up.
--
-- name: visit_sources
-- source: visits
-- window: day
-- visitor: yes
-- dimensions:
--   dimension LowCardinality(String): all, channel, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content or campaign
--   value LowCardinality(String): the channel, the referrer's host, ...
--   detail LowCardinality(String): channel of a referrer; source / medium of a campaign
-- measures:
--   visits UInt64 = sum(visits): visits whose first page view came so
--   visitors UInt64 = visitors(visits): distinct visitors who came so
--   bounces UInt64 = sum(bounces): of these, visits of one page view, without a custom event, a goal or ten seconds of attention
--   views UInt64 = sum(views): page views in these visits
--   converted UInt64 = sum(converted): visits that reached a goal
--   duration_seconds Float64 = seconds(duration_ms): time from the first to the last event of those whose duration is known
--   timed UInt64 = sum(timed): visits whose duration is known
SELECT {carry}, known.1 AS dimension, known.2 AS value, known.3 AS detail, 1 AS visits, bounce AS bounces, toUInt64(views) AS views,
    notEmpty(goals) AS converted, duration_ms, timed
FROM {source}
ARRAY JOIN arrayFilter(one -> one.1 = 'all' OR one.2 != '', [
    ('all', '', ''), ('channel', toString(channel), ''), ('referrer', toString(referrer_host), toString(channel)),
    ('utm_source', toString(utm_source), ''), ('utm_medium', toString(utm_medium), ''), ('utm_campaign', toString(utm_campaign), ''),
    ('utm_term', toString(utm_term), ''), ('utm_content', toString(utm_content), ''),
    ('campaign', toString(utm_campaign), if(utm_campaign = '', '', concat(toString(utm_source), ' / ', toString(utm_medium))))]) AS known
