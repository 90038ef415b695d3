-- As search-clearest.sql, those first that cover least of the area.
SELECT granule.*, coverage(cell, west, south, east, north) AS score FROM {source}
  AND {after-score.sql}
