-- How many times e-mails were opened and followed.
--
-- name: opens
-- source: openings
-- window: day
-- visitor: yes
-- dimensions:
--   campaign LowCardinality(String): campaign of the e-mail
--   reader LowCardinality(String): human, proxy, prefetch or scanner
-- measures:
--   opens UInt64 = sum(opens): times that the picture in an e-mail was fetched
--   clicks UInt64 = sum(clicks): times that a link in an e-mail was followed
--   mails UInt64 = visitors(acts): distinct e-mails that were opened or followed; each day counts its own
SELECT {carry}, campaign, reader, opens, clicks, acts
FROM {source}
