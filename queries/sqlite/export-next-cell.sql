-- The cell after another, NULL after the last.
-- :cell   INTEGER, -1 for the first
SELECT min(cell) FROM granule WHERE cell > :cell
