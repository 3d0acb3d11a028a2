-- Where visitors came from. One page view stands in a row of each dimension that is known of it: rows of two dimensions never add up.
--
-- name: sources
-- source: arrivals
-- window: day
-- visitor: yes
-- dimensions:
--   dimension LowCardinality(String): all, channel, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content or campaign
--   value LowCardinality(String): the channel, the referrer's host, ...
--   detail LowCardinality(String): channel of a referrer; source / medium of a campaign
-- measures:
--   arrivals UInt64 = sum(arrivals): page views that no other page of the site led to
--   visitors UInt64 = visitors(arrivals): distinct visitors who arrived so
SELECT {carry}, known.1 AS dimension, known.2 AS value, known.3 AS detail, arrivals
FROM {source}
ARRAY JOIN arrayFilter(one -> one.2 != '' OR one.1 = 'all', [
    ('all', '', ''),
    ('channel', toString(channel), ''), ('referrer', toString(referrer_host), toString(channel)),
    ('utm_source', toString(utm_source), ''), ('utm_medium', toString(utm_medium), ''), ('utm_campaign', toString(utm_campaign), ''),
    ('utm_term', toString(utm_term), ''), ('utm_content', toString(utm_content), ''),
    ('campaign', toString(utm_campaign), concat(toString(utm_source), ' / ', toString(utm_medium)))]) AS known
