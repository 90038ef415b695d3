-- All rows of a cell.
-- :cell      INTEGER
SELECT * FROM granule WHERE cell = :cell ORDER BY cell, sensing, generation, seq
