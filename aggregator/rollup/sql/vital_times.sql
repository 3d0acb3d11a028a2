-- How long pages took, as browsers measured it: how often each size was measured. A measurement stands in a row of each dimension.
--
-- name: vital_times
-- source: counted
-- reads: site vitals path country asn device protocol bot type
-- window: 5m hour day
-- visitor: no
-- dimensions:
--   metric LowCardinality(String): ttfb, fcp, lcp or inp in milliseconds, cls in thousandths
--   dimension LowCardinality(String): all, group, path, country, asn, device or protocol
--   value String: the group of pages, the path, the country, ...; empty is unknown
-- measures:
--   samples UInt64 = sum(samples): measurements
--   buckets Map(UInt8, UInt64) = summap(buckets): measurements by their size: eight classes double it
SELECT {carry}, measured.1 AS metric, known.1 AS dimension, known.2 AS value, 1 AS samples,
       map(toUInt8(least(255, greatest(0, floor(8 * log2(greatest(1, measured.2)))))), toUInt64(1)) AS buckets
FROM (
    SELECT *, arrayJoin(arrayFilter(one -> one.1 IN ('ttfb', 'fcp', 'lcp', 'inp', 'cls'),
               arrayMap((name, amount) -> (toString(name), if(name = 'cls', 1000 * amount, amount)), mapKeys(vitals), mapValues(vitals)))) AS measured,
           arrayJoin([('all', ''), ('group', {group}), ('path', toString(path)), ('country', toString(country)), ('asn', if(asn = 0, '', toString(asn))),
               ('device', toString(device)), ('protocol', toString(protocol))]) AS known
    FROM {source}
    WHERE bot = '' AND consent != 'refused' AND type = 'vitals')
