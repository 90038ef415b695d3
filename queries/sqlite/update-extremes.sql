-- The oldest and newest times of all rows of each level; reads the whole table, so it is asked where one of them
-- went away.
SELECT
  cell % 2 AS level, min(sensing) AS oldestSensing, max(sensing) AS newestSensing,
  max(generation) AS newestGeneration
FROM granule
GROUP BY level
ORDER BY level
