-- Traffic of each network, for administering the site.
--
-- name: networks
-- source: nets
-- window: day
-- visitor: no
-- dimensions:
--   network LowCardinality(String): the address cut to /24 (IPv4) or /48 (IPv6)
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   views UInt64 = sum(views): page views of people
--   bot_views UInt64 = sum(bot_views): page views of bots
--   events UInt64 = sum(events): events of every type
SELECT {carry}, network, asn, country, views, bot_views, events
FROM {source}
