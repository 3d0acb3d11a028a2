-- Apps send events themselves, and what they tell differs from version to version. Rows of browsers have none: it takes next to nothing there.
-- +goose Up
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS app_version LowCardinality(String) COMMENT 'version of the app that sent the event, only with consent to analytics' CODEC(ZSTD(1)),
    COMMENT COLUMN app 'application whose web view this is, or that sent the event itself',
    COMMENT COLUMN path 'path of the page without its query; of an app, a slash and the name of the screen',
    COMMENT COLUMN origin 'how it came in: script, pixel, log, report, mail or api; empty if it was stored before this column';
