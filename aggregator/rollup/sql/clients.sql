-- What each network asked for and how it fared: abusive clients and broken networks. Browser and server tell of the same requests: their
-- rows never add up.
--
-- name: clients
-- source: network_requests
-- window: day
-- visitor: no
-- dimensions:
--   told_by LowCardinality(String): browser, or server: its own log, where that is imported
--   network LowCardinality(String): the address cut to /24 (IPv4) or /48 (IPv6)
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   requests UInt64 = sum(requests): events of every type, each once
--   bot_requests UInt64 = sum(bot_requests): of these, those of bots
--   refused UInt64 = weight(refused_weight): requests that were answered with 4xx, by what each row stands for
--   failures UInt64 = weight(failures_weight): requests that were answered with 5xx, by what each row stands for
--   faults UInt64 = weight(faults_weight): faults of pages and reports of browsers, by what each stands for
SELECT {carry}, told_by, network, asn, country, requests, bot_requests, refused_weight, failures_weight, faults_weight
FROM {source}
