-- Where visitors were. One page view stands in a row of each dimension that is known of it: rows of two dimensions never add up.
--
-- name: places
-- source: presence
-- window: day
-- visitor: yes
-- dimensions:
--   dimension LowCardinality(String): all, country, region, city or asn
--   value LowCardinality(String): code of the country or region, name of the city, number of the autonomous system; empty is unknown
--   detail LowCardinality(String): country of a region; country and region of a city
-- measures:
--   views UInt64 = sum(views): page views
--   visitors UInt64 = visitors(views): distinct visitors
SELECT {carry}, known.1 AS dimension, known.2 AS value, known.3 AS detail, views
FROM {source}
ARRAY JOIN [
    ('all', '', ''), ('country', toString(country), ''), ('region', toString(region), if(region = '', '', toString(country))),
    ('city', toString(city), if(city = '', '', concat(toString(country), '-', toString(region)))),
    ('asn', if(asn = 0, '', toString(asn)), '')] AS known
