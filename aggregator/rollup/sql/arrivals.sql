-- One row a visitor and source: page views that something outside of the site led to.
--
-- name: arrivals
-- source: counted
-- reads: channel referrer_host utm_source utm_medium utm_campaign utm_term utm_content bot type
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   channel LowCardinality(String): kind of source: direct, organic search, social, ai assistant, ...
--   referrer_host LowCardinality(String): host of the page that led here
--   utm_source LowCardinality(String): campaign source
--   utm_medium LowCardinality(String): campaign medium
--   utm_campaign LowCardinality(String): campaign name
--   utm_term LowCardinality(String): campaign term
--   utm_content LowCardinality(String): campaign content
-- measures:
--   arrivals UInt32 = sum(arrivals): page views that no other page of the site led to
SELECT {carry}, channel, referrer_host, utm_source, utm_medium, utm_campaign, utm_term, utm_content, 1 AS arrivals
FROM {source}
WHERE bot = '' AND consent != 'refused' AND type = 'pageview' AND channel != 'internal'
