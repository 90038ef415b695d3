-- The oldest sensing time of those granules of each cell of which neither box nor cloud cover is known, as far as it
-- has any: what a listing of the bucket without metadata leaves.
-- :cells     JSON array of integers
SELECT cells.value AS cell,
  (SELECT min(sensing) FROM granule WHERE cell = cells.value AND west IS NULL AND cloud IS NULL) AS sensing
FROM json_each(:cells) AS cells
ORDER BY cell
