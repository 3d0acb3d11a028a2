-- The feed of window_changes works with no rights of whoever inserts: the collector may insert events, and need not be able to read any.
-- +goose Up
ALTER TABLE window_changes_feed MODIFY SQL SECURITY NONE;
