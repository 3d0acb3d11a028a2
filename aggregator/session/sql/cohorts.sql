SELECT
    toTimeZone(toDateTime(cohort, {ZONE}), 'UTC') AS at, cohort, toUInt64(age) AS age,
    countIf(has(weeks, cohort + 7 * age)) AS visitors, count() AS size, visitors / size AS retention
FROM
(
    SELECT visitor, min(start) AS first, {FIRST_WEEK} AS cohort, groupUniqArray({WEEK}) AS weeks, {UNTIL_WEEK} AS newest
    FROM {ALL_SESSIONS}
    WHERE consented
    GROUP BY visitor
    HAVING first >= {SINCE} AND first < {UNTIL}
)
ARRAY JOIN range(toUInt32(intDiv(newest - cohort, 7) + 1)) AS age
GROUP BY cohort, age
