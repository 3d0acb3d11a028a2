-- What each network asked for and how it fared: abusive clients and broken networks.
--
-- name: client_requests
-- source: counted
-- reads: network asn country bot type status vitals
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   network LowCardinality(String): the address cut to /24 (IPv4) or /48 (IPv6)
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   requests UInt64 = sum(requests): events of every type
--   bot_requests UInt64 = sum(bot_requests): of these, those of bots
--   refused UInt64 = sum(refused): requests that were answered with 4xx
--   failures UInt64 = sum(failures): requests that were answered with 5xx
--   faults UInt64 = sum(faults): faults of pages and reports of browsers
SELECT {carry}, network, asn, country, 1 AS requests, bot != '' AS bot_requests, answered >= 400 AND answered < 500 AS refused, answered >= 500 AS failures,
       type IN ('error', 'report') AS faults
FROM (SELECT *, if(status > 0, status, toUInt16(vitals['status'])) AS answered FROM {source} WHERE consent != 'refused')
