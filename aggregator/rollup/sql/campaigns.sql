-- The success of advertising campaigns. What a campaign cost is not known here. The row without currency holds the visits, the
-- others the values of their custom events.
--
-- name: campaigns
-- source: visits
-- window: day
-- visitor: yes
-- dimensions:
--   campaign LowCardinality(String): campaign name, of the first page view of a visit
--   source LowCardinality(String): campaign source
--   medium LowCardinality(String): campaign medium
--   currency LowCardinality(String): currency of the revenue; empty in the row of the visits
-- measures:
--   visits UInt64 = sum(visits): visits that the campaign brought; in a row with currency those that brought revenue
--   visitors UInt64 = visitors(visits): distinct visitors that it brought
--   bounces UInt64 = sum(bounces): visits of one page view, without a custom event, a goal or ten seconds of attention
--   views UInt64 = sum(views): page views in these visits
--   converted UInt64 = sum(converted): visits that reached a goal
--   engaged_seconds Float64 = seconds(engaged_ms): time of attention in these visits, as far as it is known
--   revenue Decimal(38, 4) = sum(revenue): values of custom events, in the currency of the row
SELECT {carry}, utm_campaign AS campaign, utm_source AS source, utm_medium AS medium, earned.1 AS currency, 1 AS visits, if(earned.1 = '', bounce, 0) AS bounces,
    if(earned.1 = '', toUInt64(views), 0) AS views, if(earned.1 = '', notEmpty(goals), 0) AS converted, if(earned.1 = '', engaged_ms, 0) AS engaged_ms,
    earned.2 AS revenue
FROM {source}
ARRAY JOIN arrayConcat([('', toDecimal128(0, 4))], arrayZip(CAST(currencies AS Array(String)), CAST(amounts AS Array(Decimal(38, 4))))) AS earned
WHERE utm_campaign != '' OR utm_source != '' OR utm_medium != ''
