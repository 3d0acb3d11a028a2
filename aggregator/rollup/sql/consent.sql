-- How much was kept at which level of consent, so that the bias of the other reports is visible.
--
-- name: consent
-- source: tallies
-- window: day
-- visitor: no
-- dimensions:
--   level LowCardinality(String): refused, essential, analytics or advertising
-- measures:
--   views UInt64 = sum(views): page views of people
--   events UInt64 = sum(events): events of people, of every type
SELECT {carry}, consent AS level, views, events
FROM {source}
WHERE bot = ''
