-- A page of the granules of an area, newest first.
-- :cells         JSON array of integers, the candidate tiles at the asked level
-- :from, :until  INTEGER, microseconds, both included; :until is no later than :sensing
-- :sensing, :generation, :cell, :seq   where the page before ended; past the newest row on the first page
-- :superseded    INTEGER, 0 for the best product of each acquisition, 1 for all
-- :cloudMin, :cloudMax   REAL percent, or NULL for any
-- :west, :south, :east, :north   REAL microdegrees, as they were asked: the rows' own are rounded outward
-- :limit         INTEGER
SELECT * FROM granule
WHERE cell IN (SELECT value FROM json_each(:cells))
  AND sensing BETWEEN :from AND :until
  AND (sensing, generation, cell, seq) < (:sensing, :generation, :cell, :seq)
  AND superseded <= :superseded
  AND (:cloudMin IS NULL OR cloud BETWEEN :cloudMin AND :cloudMax)
  AND (south IS NULL OR (
    south <= :north AND north >= :south AND (
      (west <= :east AND east >= :west)
      OR (west <= :east + 360000000 AND east >= :west + 360000000)
      OR (west <= :east - 360000000 AND east >= :west - 360000000))))
ORDER BY sensing DESC, generation DESC, cell DESC, seq DESC
LIMIT :limit
