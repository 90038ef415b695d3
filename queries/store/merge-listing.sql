-- Takes a page of listings. One that is there stays, unless it is damaged: what was listed does not change.
-- :storage, :listed             TEXT, where the page before ended
-- :last_storage, :last_listed   TEXT, where this one ends, included
INSERT INTO main.listing
SELECT row.storage, row.listed, row.entries FROM taken.listing AS row
WHERE (row.storage, row.listed) > (:storage, :listed) AND (row.storage, row.listed) <= (:last_storage, :last_listed)
  AND {sound-listing.sql}
ON CONFLICT DO UPDATE SET entries = excluded.entries WHERE NOT json_valid(listing.entries)
