-- One row a visitor and set of values: with what and from where they looked at pages. Only page views tell all of it:
-- a beacon that follows has neither hints nor screen.
--
-- name: presence
-- source: counted
-- reads: country region city asn browser browser_version os os_version device brand model screen_width screen_height language bot type
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   country LowCardinality(String): ISO 3166-1 alpha-2 country; empty is unknown
--   region LowCardinality(String): ISO 3166-2 subdivision without the country
--   city LowCardinality(String): city, in English
--   asn UInt32: autonomous system; 0 is unknown
--   browser LowCardinality(String): browser family
--   browser_version LowCardinality(String): browser version
--   os LowCardinality(String): operating system family
--   os_version LowCardinality(String): operating system version
--   device LowCardinality(String): desktop, mobile, tablet, tv, console, wearable or car
--   brand LowCardinality(String): maker of the device
--   model LowCardinality(String): model of the device
--   screen LowCardinality(String): width and height in CSS pixels, like 1920x1080; empty is unknown
--   language LowCardinality(String): preferred language
-- measures:
--   views UInt32 = sum(views): page views
SELECT {carry}, country, region, city, asn, browser, browser_version, os, os_version, device, brand, model,
       if(screen_width = 0, '', concat(toString(screen_width), 'x', toString(screen_height))) AS screen, language,
       1 AS views
FROM {source}
WHERE bot = '' AND consent != 'refused' AND type = 'pageview'
