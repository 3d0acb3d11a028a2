-- What the visitor's page shows. Each view answers for one visitor of one site, who has to be known to be asked for, and only for one
-- who has consented: what is kept of others is nobody's. Whoever may read the views need not be able to read the tables (SQL SECURITY
-- NONE), so the collector reads with a role that can do nothing else.
-- +goose Up
CREATE OR REPLACE VIEW visitor_events
SQL SECURITY NONE
AS SELECT * FROM events FINAL
WHERE site = {site:String} AND visitor = {visitor:UInt64} AND visitor != 0 AND consent IN ('analytics', 'advertising');

CREATE OR REPLACE VIEW visitor_network
SQL SECURITY NONE
AS SELECT * FROM network_log FINAL
WHERE site = {site:String} AND id GLOBAL IN
(
    SELECT id FROM events
    WHERE site = {site:String} AND visitor = {visitor:UInt64} AND visitor != 0 AND consent IN ('analytics', 'advertising')
);

CREATE OR REPLACE VIEW visitor_consents
SQL SECURITY NONE
AS SELECT * FROM consents FINAL
WHERE site = {site:String} AND visitor = {visitor:UInt64} AND visitor != 0;
