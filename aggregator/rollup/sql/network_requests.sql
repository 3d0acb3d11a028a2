-- What each network asked for and how it fared: abusive clients and broken networks.
--
-- name: network_requests
-- source: counted
-- reads: network asn country bot type status vitals weight origin
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   told_by LowCardinality(String): browser, or server: its own log, where that is imported
--   network LowCardinality(String): the address cut to /24 (IPv4) or /48 (IPv6)
--   asn UInt32: autonomous system; 0 is unknown
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
-- measures:
--   requests UInt64 = sum(requests): events of every type, each once
--   bot_requests UInt64 = sum(bot_requests): of these, those of bots
--   refused_weight UInt64 = sum(refused_weight): requests that were answered with 4xx, by what each row stands for, thousandths
--   failures_weight UInt64 = sum(failures_weight): requests that were answered with 5xx, by what each row stands for, thousandths
--   faults_weight UInt64 = sum(faults_weight): faults of pages and reports of browsers, by what each stands for, thousandths
SELECT {carry}, if(origin = 'log', 'server', 'browser') AS told_by, network, asn, country, 1 AS requests, bot != '' AS bot_requests,
       if(answered >= 400 AND answered < 500, stands_for, 0) AS refused_weight, if(answered >= 500, stands_for, 0) AS failures_weight,
       if(type IN ('error', 'report'), stands_for, 0) AS faults_weight
FROM (SELECT *, if(status > 0, status, toUInt16(vitals['status'])) AS answered, toUInt64(round(1000 * greatest(1, weight))) AS stands_for
      FROM {source} WHERE consent != 'refused')
