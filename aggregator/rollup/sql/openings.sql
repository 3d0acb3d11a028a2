-- E-mails that were opened and followed, by who did. What stands for a visitor here is the e-mail, one to a recipient.
--
-- name: openings
-- source: counted
-- reads: utm_campaign name type
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   campaign LowCardinality(String): campaign of the e-mail
--   reader LowCardinality(String): human, proxy, prefetch or scanner
-- measures:
--   opens UInt32 = sum(opens): times that the picture in the e-mail was fetched
--   clicks UInt32 = sum(clicks): times that a link in the e-mail was followed
--   acts UInt32 = sum(acts): both
SELECT {carry}, utm_campaign AS campaign, name AS reader, type = 'open' AS opens, type = 'click' AS clicks, 1 AS acts
FROM {source}
WHERE type IN ('open', 'click')
