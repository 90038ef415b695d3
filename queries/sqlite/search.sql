-- A page of the granules of an area, newest first. The order is that of the table's key, all descending: so
-- SQLite leaves each cell's loop as soon as it can add nothing to the page.
-- {source}       granules.sql, tile.sql, refined.sql, coloured.sql or uncoloured.sql, with their
--                parameters
-- :sensing, :generation, :cell, :seq   where the page before ended; past the newest row on the first page. :until
--                is no later than :sensing
-- :limit         INTEGER
SELECT granule.* FROM {source}
  AND (sensing, generation, cell, seq) < (:sensing, :generation, :cell, :seq)
ORDER BY sensing DESC, generation DESC, cell DESC, seq DESC
LIMIT :limit
