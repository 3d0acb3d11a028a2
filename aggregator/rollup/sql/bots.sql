-- What was not counted as people.
--
-- name: bots
-- source: tallies
-- window: day
-- visitor: no
-- dimensions:
--   kind LowCardinality(String): kind of bot: search, ai, monitoring, ...
--   name LowCardinality(String): name of the bot
-- measures:
--   views UInt64 = sum(views): page views
--   events UInt64 = sum(events): events of every type
SELECT {carry}, splitByChar(':', toString(bot))[1] AS kind, substring(bot, length(kind) + 2) AS name, views, events
FROM {source}
WHERE bot != ''
