SELECT
    {AT} AS at,
    multiIf(NOT consented, 'unknown', start = known.first, 'new', 'returning') AS kind,
    count() AS visits,
    uniqExactIf(visitor, consented) + uniqExactIf((visitor, toDate(start, {ZONE})), NOT consented) AS visitors,
    sum(bounce) AS bounces
FROM {SESSIONS} AS visits
GLOBAL LEFT JOIN (SELECT visitor, min(start) AS first FROM {ALL_SESSIONS} WHERE consented GROUP BY visitor) AS known USING (visitor)
GROUP BY at, kind
