SELECT
    at, goal, touch, channel, source, campaign, currency,
    count() AS conversions,
    uniqExactIf(visitor, consented) + uniqExactIf((visitor, day), NOT consented) AS visitors,
    sum(worth) AS worth
FROM
(
    SELECT
        {AT} AS at, visitor, consented, day, touched.1 AS touch, touched.2.1 AS channel, touched.2.2 AS source, touched.2.3 AS campaign,
        reached.1 AS goal, reached.2 AS currency, reached.3 AS worth
    FROM
    (
        SELECT
            visitor, visit.1 AS start, visit.2 AS day, visit.3 IN ('analytics', 'advertising') AS consented,
            arrayFilter(v -> v.1 <= visit.1 AND v.4 NOT IN ('', 'direct', 'internal')
                AND (v.2 = visit.2 OR visit.3 = 'advertising' AND v.3 = 'advertising' AND v.1 >= visit.1 - INTERVAL 30 DAY), visits) AS touches,
            if(empty(touches), (visit.4, visit.5, visit.6), (touches[1].4, touches[1].5, touches[1].6)) AS earliest,
            if(empty(touches), (visit.4, visit.5, visit.6), (touches[-1].4, touches[-1].5, touches[-1].6)) AS latest,
            arrayMap(pair -> (pair.1, pair.2, arraySum(arrayMap(g -> if(g.1 = pair.1 AND g.3 = pair.2, toDecimal128(g.2, 4), toDecimal128(0, 4)), visit.7))),
                arrayDistinct(arrayMap(g -> (g.1, g.3), visit.7))) AS conversions
        FROM
        (
            SELECT
                visitor,
                arraySort(v -> v.1, groupArray((start, toDate(start, {ZONE}), consent, channel, utm_source, utm_campaign,
                    arrayFilter(g -> position(g.1, '#') = 0, arrayZip(goals, goals_value, goals_currency))))) AS visits
            FROM {TOUCHING_SESSIONS}
            GROUP BY visitor
            HAVING arrayExists(v -> notEmpty(v.7), visits)
        )
        ARRAY JOIN visits AS visit
        WHERE visit.1 >= {SINCE} AND notEmpty(visit.7)
    )
    ARRAY JOIN conversions AS reached
    ARRAY JOIN [('first', earliest), ('last', latest)] AS touched
)
GROUP BY at, goal, touch, channel, source, campaign, currency
