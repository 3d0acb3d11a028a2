-- Scores of sessions and of addresses, beside those of questions and networks: of a session there is when it began, and of an address a keyed
-- hash whose key is the visitor key's and never in the database, so that who may ask finds the scores of an address, and nobody finds the address.
-- +goose Up
ALTER TABLE risk_scores
    ADD COLUMN IF NOT EXISTS began DateTime64(3, 'UTC') COMMENT 'when the session began, of a visitor who consented; 1970 where none is known' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS address UInt64 COMMENT 'keyed hash of the address, of IPv6 its /64; 0 where it is not known' CODEC(ZSTD(1)),
    COMMENT COLUMN kind 'what was scored: query (the payment step asked), session, address or network; before sessions were told, visitor';
