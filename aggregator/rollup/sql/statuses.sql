-- HTTP statuses by path. Browser and server tell of the same answers: their rows never add up.
--
-- name: statuses
-- source: told_answers
-- window: day
-- visitor: no
-- dimensions:
--   told_by LowCardinality(String): browser, or server: its own log, where that is imported
--   status UInt16: HTTP status of the answer
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   answers UInt64 = weight(answers_weight): answers to people, by what each row stands for
--   bot_answers UInt64 = weight(bot_answers_weight): answers to bots, by what each row stands for
SELECT {carry}, told_by, status, path, answers_weight, bot_answers_weight
FROM {source}
