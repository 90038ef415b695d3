-- The first cell of a level in each group of cells that holds one: each is found by one look behind the last.
-- :from, :until   INTEGER, the cells to look at, the latter excluded
-- :span           INTEGER, cells in a group, which starts at a multiple of it
-- :level          INTEGER, 0 or 1, as cells are odd or even
WITH RECURSIVE held(cell) AS (
  SELECT min(cell) FROM granule WHERE cell >= :from AND cell < :until
  UNION ALL
  SELECT (
    SELECT min(granule.cell) FROM granule
    WHERE granule.cell >= CASE
        WHEN held.cell % 2 = :level THEN held.cell - held.cell % :span + :span
        ELSE held.cell + 1
      END
      AND granule.cell < :until
  )
  FROM held WHERE held.cell IS NOT NULL
)
SELECT cell FROM held WHERE cell % 2 = :level ORDER BY cell
