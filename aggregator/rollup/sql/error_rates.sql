-- Script errors by page.
--
-- name: error_rates
-- source: responses
-- window: day
-- visitor: no
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   views UInt64 = sum(views): page views of people
--   errors UInt64 = sum(errors): script errors, by what each stands for
SELECT {carry}, path, views, errors
FROM {source}
WHERE views + errors > 0
