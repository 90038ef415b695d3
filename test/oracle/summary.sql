-- What matches, counted by month of sensing (UTC), by tile and by tens of percent of cloud; in the rows of
-- one group the columns of the others are NULL. Ten 10 is what is not known.
WITH found AS (
  SELECT strftime(make_timestamp(sensing), '%Y-%m') AS month, tile, cloud,
    CASE WHEN cloud IS NULL THEN 10 WHEN cloud = 100 THEN 9 ELSE floor(cloud / 10)::INTEGER END AS ten
  FROM granule
  WHERE {matching}
)
SELECT month, tile.name AS tile, ten, granules, least_cloud
FROM (
  SELECT month, tile, ten, count(*)::INTEGER AS granules, min(cloud) AS least_cloud
  FROM found GROUP BY GROUPING SETS ((month), (tile), (ten))
) AS counted LEFT JOIN tile ON tile.id = counted.tile
ORDER BY month, tile.name, ten
