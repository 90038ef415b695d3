-- The granules whose mean colour holds most of a band, of all that were sensed in a time: what `sort=rank` does over an
-- index as a file, but that every product of an acquisition counts. {index} stands for the archive's index or a copy
-- of it, {colours} for the table of load-colours.sql, each project.dataset.table. Kept to what BigQuery and DuckDB (in
-- the tests) read alike.
-- @band       STRING     red, green or blue
-- @since      TIMESTAMP  sensing time, both ends included
-- @until      TIMESTAMP
-- @any_tile   BOOL       true: the one below does not count
-- @tiles      ARRAY<STRING>  only these
-- @cloud_max  FLOAT64    percent, included; above 100: unknown clouds, too
-- @least_valid  FLOAT64  share of sampled pixels that hold data, included
-- @source     STRING     bands or preview
-- @stride     INT64      pixels of the 10 m grid; 0 for a preview
-- @ranked     INT64      granules at most
WITH lit AS (
  SELECT granule_id, product_id, mgrs_tile, colour, valid,
    GREATEST(red, 0) AS red, GREATEST(green, 0) AS green, GREATEST(blue, 0) AS blue
  FROM `{colours}`
  WHERE source = @source AND COALESCE(stride, 0) = @stride AND valid >= @least_valid
    AND sensing_time BETWEEN @since AND @until AND (@any_tile OR mgrs_tile IN UNNEST(@tiles))
  -- A granule that was coloured from two storages counts once.
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY product_id, granule_id ORDER BY method DESC, made_at DESC, storage
  ) = 1
),
shared AS (
  SELECT granule_id, product_id, mgrs_tile, colour, valid,
    CASE @band WHEN 'red' THEN red WHEN 'green' THEN green WHEN 'blue' THEN blue END / (red + green + blue) AS share
  FROM lit
  WHERE red + green + blue > 0
),
known AS (
  SELECT granule_id, product_id, mgrs_tile, sensing_time, cloud_cover, base_url, source_url
  FROM `{index}`
  WHERE sensing_time BETWEEN @since AND @until AND (@any_tile OR mgrs_tile IN UNNEST(@tiles))
    AND (@cloud_max > 100 OR cloud_cover <= @cloud_max)
  -- One that stands in the index twice, too.
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY product_id, granule_id ORDER BY generation_time DESC, base_url DESC
  ) = 1
)
SELECT known.granule_id, known.product_id, known.mgrs_tile, known.sensing_time, known.cloud_cover, shared.colour,
  shared.valid, shared.share, known.base_url, known.source_url
FROM shared
JOIN known
  ON known.mgrs_tile = shared.mgrs_tile AND known.product_id = shared.product_id AND known.granule_id = shared.granule_id
ORDER BY share DESC, known.sensing_time DESC, known.mgrs_tile DESC, known.product_id DESC, known.granule_id DESC
LIMIT @ranked
