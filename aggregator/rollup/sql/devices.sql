-- With what visitors looked. One page view stands in a row of each dimension that is known of it: rows of two dimensions never add up.
--
-- name: devices
-- source: presence
-- window: day
-- visitor: yes
-- dimensions:
--   dimension LowCardinality(String): all, browser, browser_version, os, os_version, device, brand, model, screen or language
--   value LowCardinality(String): the browser, the version, ...; empty is unknown
--   detail LowCardinality(String): family of a version; brand of a model
-- measures:
--   views UInt64 = sum(views): page views
--   visitors UInt64 = visitors(views): distinct visitors
SELECT {carry}, known.1 AS dimension, known.2 AS value, known.3 AS detail, views
FROM {source}
ARRAY JOIN [
    ('all', '', ''), ('browser', toString(browser), ''), ('browser_version', toString(browser_version), toString(browser)),
    ('os', toString(os), ''), ('os_version', toString(os_version), toString(os)),
    ('device', toString(device), ''), ('brand', toString(brand), ''), ('model', toString(model), toString(brand)),
    ('screen', toString(screen), ''), ('language', toString(language), '')] AS known
