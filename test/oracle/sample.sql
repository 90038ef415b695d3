-- Some of the granules that have a box of their own, the same every time. $every INTEGER: one of so many.
SELECT tile.name AS tile, level, sensing, cloud, granule.west, granule.south, granule.east, granule.north
FROM granule JOIN tile ON tile.id = granule.tile
WHERE boxed AND position % $every = 0
ORDER BY position
