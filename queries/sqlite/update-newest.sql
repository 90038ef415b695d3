-- The newest sensing time of each cell that has any.
-- :cells     JSON array of integers
SELECT cells.value AS cell, (SELECT max(sensing) FROM granule WHERE cell = cells.value) AS sensing
FROM json_each(:cells) AS cells
ORDER BY cell
