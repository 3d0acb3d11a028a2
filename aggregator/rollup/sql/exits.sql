-- The pages that visits end with.
--
-- name: exits
-- source: visits
-- window: day
-- visitor: yes
-- dimensions:
--   path LowCardinality(String): path of the last page view, scrubbed
-- measures:
--   visits UInt64 = sum(visits): visits that ended with it
--   visitors UInt64 = visitors(visits): distinct visitors who left so
SELECT {carry}, exit AS path, 1 AS visits
FROM {source}
WHERE exit != ''
