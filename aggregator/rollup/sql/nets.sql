-- Traffic of each network, bots included: for administering the site, and not kept longer than that needs.
--
-- name: nets
-- source: counted
-- reads: network asn country bot type
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   network LowCardinality(String): the address cut to /24 (IPv4) or /48 (IPv6)
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   views UInt32 = sum(views): page views of people
--   bot_views UInt32 = sum(bot_views): page views of bots
--   events UInt32 = sum(events): events of every type
SELECT {carry}, network, asn, country, bot = '' AND type = 'pageview' AS views, bot != '' AND type = 'pageview' AS bot_views, 1 AS events
FROM {source}
WHERE consent != 'refused'
