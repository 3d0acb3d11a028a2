-- Which links led away from the site, and which files were fetched.
--
-- name: links
-- source: actions
-- window: day
-- visitor: yes
-- dimensions:
--   kind LowCardinality(String): outbound or download; empty in the row of all links
--   url String: where the link leads, scrubbed
-- measures:
--   clicks UInt64 = sum(events): clicks
--   visitors UInt64 = visitors(events): distinct visitors who clicked
SELECT {carry}, one.1 AS kind, one.2 AS url, events
FROM (SELECT * FROM {source} WHERE name IN ('outbound', 'download') AND property = 'url')
ARRAY JOIN [(toString(name), content), ('', '')] AS one
