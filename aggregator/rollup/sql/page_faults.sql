-- One row a visitor and cause of a fault on a page.
--
-- name: page_faults
-- source: counted
-- reads: error_kind fingerprint error_message error_source weight bot type
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   kind LowCardinality(String): error, unhandledrejection, resource, fetch, longtask ...
--   fingerprint UInt64: the same cause has the same number; 0 is none
--   message String: what the browser said, scrubbed, its beginning
--   source String: script or file that it came from, without query
-- measures:
--   errors_weight UInt64 = sum(errors_weight): faults, by what each stands for, thousandths
--   first_seen UInt32 = max(first_seen): 4294967295 less the second of the first one
--   last_seen UInt32 = max(last_seen): second of the last one
SELECT {carry}, error_kind AS kind, fingerprint, substringUTF8(error_message, 1, 120) AS message, error_source AS source,
       toUInt64(round(1000 * greatest(1, weight))) AS errors_weight, 4294967295 - toUnixTimestamp(ts) AS first_seen, toUnixTimestamp(ts) AS last_seen
FROM {source}
WHERE bot = '' AND consent != 'refused' AND type = 'error'
