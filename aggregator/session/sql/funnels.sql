WITH {FUNNELS} AS ways, toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never
SELECT
    at, way.1 AS funnel, toUInt64(step) AS step, name,
    countIf(got OR came AND step > 1) AS entered,
    countIf(got) AS reached,
    uniqExactIf(if(consented, (visitor, toDate(0)), (visitor, day)), got) AS visitors,
    if(entered = 0, NULL, 1 - reached / entered) AS drop_off,
    if(reached = 0 OR step = 1, NULL, quantileExactInclusiveIf(0.5)(dateDiff('millisecond', previous, moment) / 1000, got)) AS median_seconds
FROM
(
    SELECT
        {AT} AS at, visitor, consented, day, way, step, name, moment, previous, moment < never AS got, previous < never AS came
    FROM
    (
        SELECT
            visitor, consented, day, start, way,
            arrayFold((so_far, key) -> arrayPushBack(so_far, arrayMin(arrayPushBack(
                arrayMap(m -> m.1, arrayFilter(m -> m.2 = key AND m.1 > so_far[-1], marks)), never))), way.3, [toDateTime64(0, 3, 'UTC')]) AS moments
        FROM
        (
            SELECT
                visitor, consented, day, tried.1 AS way, tried.2 AS start, tried.3 AS marks
            FROM
            (
                SELECT visitor, max(consented) AS consented, toDate(start, {ZONE}) AS day, arraySort(groupArray((start, arrayZip(goals_at, goals)))) AS visits
                FROM {SESSIONS}
                WHERE notEmpty(goals)
                GROUP BY visitor, day
            )
            ARRAY JOIN arrayConcat(
                arrayFlatten(arrayMap(w -> arrayMap(v -> (w, v.1, v.2), visits), arrayFilter(w -> NOT w.2, ways))),
                arrayMap(w -> (w, visits[1].1, arrayFlatten(visits.2)), arrayFilter(w -> w.2, ways))) AS tried
        )
    )
    ARRAY JOIN arrayEnumerate(way.3) AS step, way.4 AS name, arrayPopFront(moments) AS moment, arrayPopBack(moments) AS previous
)
GROUP BY at, funnel, step, name
