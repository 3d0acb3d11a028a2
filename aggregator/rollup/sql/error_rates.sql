-- Script errors by page.
--
-- name: error_rates
-- source: page_responses
-- window: day
-- visitor: no
-- dimensions:
--   path LowCardinality(String): path of the page, scrubbed
-- measures:
--   views UInt64 = sum(views): page views of people, without those that only a server's log tells of
--   errors UInt64 = weight(errors_weight): script errors, by what each stands for
SELECT {carry}, path, views, errors_weight
FROM {source}
WHERE views + errors_weight > 0
