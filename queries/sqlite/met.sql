-- What a row of granule must meet to match a search, whatever its tile; no statement of its own, but the
-- conditions of those that name this file in braces.
-- :from, :until  INTEGER, microseconds, both included
-- :superseded    INTEGER, 0 for the best product of each acquisition, 1 for all
-- :cloudMin, :cloudMax   REAL percent, or NULL for any
-- :west, :south, :east, :north   REAL microdegrees, as they were asked: the rows' own are rounded outward
-- :beside        JSON array, those of the cells whose tiles miss the area by a hair: boxes may stick out of their
--                tiles, but a row without a box stands for its tile
sensing BETWEEN :from AND :until
  AND superseded <= :superseded
  AND (:cloudMin IS NULL OR cloud BETWEEN :cloudMin AND :cloudMax)
  AND ((south <= :north AND north >= :south AND (
      (west <= :east AND east >= :west)
      OR (west <= :east + 360000000 AND east >= :west + 360000000)
      OR (west <= :east - 360000000 AND east >= :west - 360000000)))
    OR (south IS NULL AND cell NOT IN (SELECT value FROM json_each(:beside))))
