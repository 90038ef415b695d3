-- The rows of a cell that an update of some of its granules may touch: of the same datatake start, of the same
-- sensing time, and all whose names are kept verbatim, since those alone tell their start in letters.
-- :cell      INTEGER
-- :starts    JSON array of integers, datatake starts in seconds since 1970
-- :sensings  JSON array of integers, microseconds since 1970
SELECT * FROM granule
WHERE cell = :cell
  AND (verbatim IS NOT NULL
    OR sensing / 1000000 - start IN (SELECT value FROM json_each(:starts))
    OR sensing IN (SELECT value FROM json_each(:sensings))
    OR sensing < 0)
ORDER BY cell, sensing, generation, seq
