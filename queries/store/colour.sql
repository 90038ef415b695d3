-- The colour of a granule.
-- :storage, :place, :granule_id   TEXT
-- :source   TEXT, bands or preview
-- :stride   INTEGER, pixels of the 10 m grid; 0 for a preview
-- :method   INTEGER
SELECT red, green, blue, valid, sampled FROM colour
WHERE storage = :storage AND place = :place AND granule_id = :granule_id
  AND source = :source AND stride = :stride AND method = :method
