-- Hours are kept for eight days instead of 32: an hour's rows take as much as 30 bytes a visitor, and what is older is asked for by the day.
-- +goose Up
ALTER TABLE actions MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY;

ALTER TABLE arrivals MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY;

ALTER TABLE nets MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 90 DAY;

ALTER TABLE openings MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY;

ALTER TABLE presence MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY;

ALTER TABLE reading MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY;

ALTER TABLE tallies MODIFY TTL window + INTERVAL 4 DAY DELETE WHERE tier = '5m', window + INTERVAL 10 DAY DELETE WHERE tier = 'hour', window + INTERVAL 400 DAY;
