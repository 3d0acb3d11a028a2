-- One row a visitor and custom event, and one for each of its properties.
--
-- name: actions
-- source: counted
-- reads: name props currency value bot type
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   name LowCardinality(String): name of the event
--   property LowCardinality(String): property; empty in the row of the event itself
--   content String: value of the property
--   currency LowCardinality(String): ISO 4217 code of the currency of amount; empty is none
-- measures:
--   events UInt32 = sum(events): custom events
--   amount Decimal(38, 4) = sum(amount): their values added up; in the row of the event itself only
SELECT {carry}, name, pair.1 AS property, pair.2 AS content, if(pair.1 = '', currency, '') AS currency, 1 AS events,
       if(pair.1 = '', toDecimal128(greatest(least(value, 1e15), -1e15), 4), toDecimal128(0, 4)) AS amount
FROM {source}
ARRAY JOIN arrayConcat([('', '')], arrayZip(CAST(mapKeys(props) AS Array(String)), mapValues(props))) AS pair
WHERE bot = '' AND consent != 'refused' AND type = 'event'
