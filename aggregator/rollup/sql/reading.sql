-- One row a visitor and page: how often it was opened, how long it was really visible, how far it was read.
--
-- name: reading
-- source: counted
-- reads: path type engaged_ms scroll bot
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   views UInt32 = sum(views): page views
--   events UInt32 = sum(events): custom events on the page
--   engaged_ms UInt64 = sum(engaged_ms): milliseconds that the page was visible and in focus; 0 is unknown
--   scroll UInt8 = max(scroll): deepest point seen, per cent; 0 is unknown
SELECT {carry}, path, type = 'pageview' AS views, type = 'event' AS events, engaged_ms, scroll
FROM {source}
WHERE bot = '' AND consent != 'refused' AND type IN ('pageview', 'event', 'engage')
