-- E-mails that were opened, by who opened them.
--
-- name: openings
-- source: counted
-- reads: utm_campaign name type
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   campaign LowCardinality(String): campaign of the e-mail
--   reader LowCardinality(String): human, proxy, prefetch or scanner
-- measures:
--   opens UInt32 = sum(opens): times that the picture in the e-mail was fetched
SELECT {carry}, utm_campaign AS campaign, name AS reader, 1 AS opens
FROM {source}
WHERE type = 'open'
