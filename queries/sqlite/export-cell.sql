-- All of a cell, newest first.
-- :cell   INTEGER
SELECT * FROM granule WHERE cell = :cell
ORDER BY sensing DESC, generation DESC, seq DESC
