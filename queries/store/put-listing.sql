-- Remembers a listing; the newer one of two stays. No OR REPLACE, which the tally would count again.
-- :storage, :listed   TEXT, as in listing.sql
-- :entries            TEXT, JSON
INSERT INTO listing VALUES (:storage, :listed, :entries)
ON CONFLICT DO UPDATE SET entries = excluded.entries
