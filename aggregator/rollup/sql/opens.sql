-- How many times e-mails were opened.
--
-- name: opens
-- source: openings
-- window: day
-- visitor: no
-- dimensions:
--   campaign LowCardinality(String): campaign of the e-mail
--   reader LowCardinality(String): human, proxy, prefetch or scanner
-- measures:
--   opens UInt64 = sum(opens): times that the picture in the e-mail was fetched
SELECT {carry}, campaign, reader, opens
FROM {source}
