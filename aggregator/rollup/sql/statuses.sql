-- HTTP statuses by path.
--
-- name: statuses
-- source: answers
-- window: day
-- visitor: no
-- dimensions:
--   status UInt16: HTTP status of the answer
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   answers UInt64 = sum(answers): answers to people
--   bot_answers UInt64 = sum(bot_answers): answers to bots
SELECT {carry}, status, path, answers, bot_answers
FROM {source}
