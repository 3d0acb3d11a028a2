-- Goals reached, by what brought the visit. The row of goal '' holds all visits, so that a rate can be made of two rows.
--
-- name: goals
-- source: visits
-- window: day
-- visitor: yes
-- dimensions:
--   goal LowCardinality(String): name of the goal; empty in the row of all visits
--   channel LowCardinality(String): kind of source of the visit
--   campaign LowCardinality(String): campaign name of the visit
--   currency LowCardinality(String): currency of the worth; empty is none
-- measures:
--   visits UInt64 = sum(visits): visits that reached it
--   visitors UInt64 = visitors(visits): distinct visitors who reached it
--   times UInt64 = sum(times): how often it was reached
--   worth Decimal(38, 4) = sum(worth): what that was worth
SELECT {carry}, one.1 AS goal, channel, utm_campaign AS campaign, one.2 AS currency, 1 AS visits, one.3 AS times, one.4 AS worth
FROM {source}
ARRAY JOIN arrayConcat([('', '', toUInt64(0), toDecimal128(0, 4))], arrayMap(
    pair -> (pair.1, pair.2,
        toUInt64(arrayCount((g, c) -> toString(g) = pair.1 AND toString(c) = pair.2, goals, goal_currencies)),
        arraySum(arrayMap((g, c, v) -> if(toString(g) = pair.1 AND toString(c) = pair.2, toDecimal128(v, 4), toDecimal128(0, 4)), goals, goal_currencies, goal_values))),
    arrayDistinct(arrayMap((g, c) -> (toString(g), toString(c)), goals, goal_currencies)))) AS one
