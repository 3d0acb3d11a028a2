-- Answers of the sites' servers, as browsers tell of them, and as the servers' own logs do.
--
-- name: told_answers
-- source: counted
-- reads: status vitals path weight bot type origin
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   told_by LowCardinality(String): browser, or server: its own log, where that is imported
--   status UInt16: HTTP status of the answer
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   answers_weight UInt64 = sum(answers_weight): answers to people, by what each row stands for, thousandths
--   bot_answers_weight UInt64 = sum(bot_answers_weight): answers to bots, by what each row stands for, thousandths
SELECT {carry}, if(origin = 'log', 'server', 'browser') AS told_by, if(status > 0, status, toUInt16(vitals['status'])) AS status, path,
       if(bot = '', toUInt64(round(1000 * greatest(1, weight))), 0) AS answers_weight, if(bot != '', toUInt64(round(1000 * greatest(1, weight))), 0) AS bot_answers_weight
FROM {source}
WHERE consent != 'refused' AND (status > 0 OR mapContains(vitals, 'status') AND vitals['status'] > 0)
