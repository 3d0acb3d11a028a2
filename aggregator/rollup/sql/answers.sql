-- Answers of the sites' servers, as browsers and logs tell of them.
--
-- name: answers
-- source: counted
-- reads: status vitals path weight bot type
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   status UInt16: HTTP status of the answer
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   answers UInt64 = sum(answers): answers to people
--   bot_answers UInt64 = sum(bot_answers): answers to bots
SELECT {carry}, if(status > 0, status, toUInt16(vitals['status'])) AS status, path, if(bot = '', toUInt64(greatest(1, round(weight))), 0) AS answers,
       if(bot != '', toUInt64(greatest(1, round(weight))), 0) AS bot_answers
FROM {source}
WHERE consent != 'refused' AND (status > 0 OR mapContains(vitals, 'status') AND vitals['status'] > 0)
