-- What broke on pages, for how many, since when.
--
-- name: errors
-- source: page_faults
-- window: day
-- visitor: yes
-- dimensions:
--   kind LowCardinality(String): error, unhandledrejection, resource, fetch, longtask ...
--   fingerprint UInt64: the same cause has the same number; 0 is none
--   message String: what the browser said, scrubbed, its beginning
--   source String: script or file that it came from, without query
-- measures:
--   errors UInt64 = weight(errors_weight): faults, by what each stands for
--   visitors UInt64 = visitors(errors_weight): distinct visitors who met it
--   first_seen UInt32 = first(first_seen): when it was seen first in the range, seconds since 1970
--   last_seen UInt32 = max(last_seen): when it was seen last, seconds since 1970
SELECT {carry}, kind, fingerprint, message, source, errors_weight, first_seen, last_seen
FROM {source}
