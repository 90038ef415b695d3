-- As granules.sql, of one tile: its rows lie in the order of a page, which else would be sorted. Stands where
-- other statements say {source}.
-- :tile          INTEGER, the candidate tile at the asked level
granule
WHERE cell = :tile
  AND {met.sql}
