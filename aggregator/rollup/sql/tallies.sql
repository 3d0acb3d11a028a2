-- Everything that was stored, by consent and by why it is not a person: so that what the other reports leave out is visible.
--
-- name: tallies
-- source: counted
-- reads: bot type
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   consent LowCardinality(String): level at which the events were kept
--   bot LowCardinality(String): why this is not a person; empty for a person
-- measures:
--   views UInt64 = sum(views): page views
--   events UInt64 = sum(events): events of every type
SELECT {carry}, consent, bot, type = 'pageview' AS views, 1 AS events
FROM {source}
