-- Diagnostics look at pages by groups, which the sites file names; who asks in SQL finds them where the rollups do.
-- +goose Up
ALTER TABLE sites
    ADD COLUMN IF NOT EXISTS group_names    Array(String) COMMENT 'groups of pages, in the order of the file',
    ADD COLUMN IF NOT EXISTS group_patterns Array(String) COMMENT 'regular expression for the pages of each; a page belongs to the first that it matches';

ALTER TABLE vital_times
    COMMENT COLUMN dimension 'all, group, path, country, asn, device or protocol',
    COMMENT COLUMN value 'the group of pages, the path, the country, ...; empty is unknown';
