-- A page of all colours made by one method, in the order of the key.
-- :method   INTEGER
-- :storage, :place, :granule_id, :source   TEXT, where the page before ended; empty for the first
-- :stride   INTEGER, likewise; -1 for the first
-- :limit    INTEGER
SELECT * FROM colour
WHERE method = :method
  AND (storage, place, granule_id, source, stride) > (:storage, :place, :granule_id, :source, :stride)
ORDER BY storage, place, granule_id, source, stride
LIMIT :limit
