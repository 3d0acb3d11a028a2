-- What visitors did, as the site itself tells it.
--
-- name: custom_events
-- source: actions
-- window: day
-- visitor: yes
-- dimensions:
--   name LowCardinality(String): name of the event; empty in the row of all events
--   property LowCardinality(String): property; empty in the row of the event itself
--   content String: value of the property
--   currency LowCardinality(String): ISO 4217 code of the currency of amount; empty is none
-- measures:
--   events UInt64 = sum(events): custom events
--   visitors UInt64 = visitors(events): distinct visitors who did it
--   amount Decimal(38, 4) = sum(amount): their values added up; in the row of the event itself only
SELECT {carry}, one.1 AS name, property, content, one.2 AS currency, events, one.3 AS amount
FROM (SELECT * EXCEPT (name, currency, amount), toString(name) AS event, toString(currency) AS money, amount AS worth FROM {source} WHERE name NOT IN ('outbound', 'download'))
ARRAY JOIN if(property = '', [(event, money, worth), ('', '', toDecimal128(0, 4))], [(event, money, worth)]) AS one
