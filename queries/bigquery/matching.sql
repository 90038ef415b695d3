-- All granules of an area that match, before order and page. It is no statement of its own, but the beginning
-- of those that name this file in braces; they go on with a SELECT from matching.
-- {table} and {came} are put in, both from configuration: the table, and the column that tells when a row came
-- into it, or a NULL where nobody asks, so that the column is not billed and need not be there.
-- No function stands around mgrs_tile and sensing_time where the rows are read, so that a table clustered by
-- them is read in part. Kept to what BigQuery and DuckDB (in the tests) read alike: no REGEXP, no PARSE_TIMESTAMP.
-- @tiles          ARRAY<STRING>  tiles to search, never empty
-- @beside         ARRAY<STRING>  those of them that the area does not touch but for what reaches past them
-- @root           STRING         where the level's products stand in the bucket: 'tiles/', 'L2/tiles/'
-- @early          TIMESTAMP      @since and @until, widened so that the products of one acquisition stay
-- @late           TIMESTAMP      together, whose sensing times may differ; lets partitions and clusters prune
-- @since          TIMESTAMP      sensing time, both ends included
-- @until          TIMESTAMP
-- @every_product  BOOL           false: the best product of each acquisition
-- @any_cloud      BOOL           true: the two below do not count
-- @cloud_min      FLOAT64        percent, both ends included
-- @cloud_max      FLOAT64
-- @any_arrival    BOOL           true: the one below does not count
-- @arrived        TIMESTAMP      only what came into the table then or later
-- @west           FLOAT64        degrees; west <= east, east may exceed 180
-- @south          FLOAT64
-- @east           FLOAT64
-- @north          FLOAT64
WITH found AS (
  SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, total_size,
    cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url,
    -- Until March 2024 source_url names the CSV the row came from, since then it has the place.
    CASE WHEN source_url != '' AND NOT ENDS_WITH(source_url, 'index.csv.gz') THEN source_url ELSE base_url END AS url,
    {came} AS came
  FROM {table}
  WHERE mgrs_tile IN UNNEST(@tiles) AND sensing_time BETWEEN @early AND @late AND granule_id != ''
),
pathed AS (
  SELECT *,
    CASE
      WHEN STARTS_WITH(url, 'gs://') THEN SUBSTR(url, LENGTH('gs://') + 1)
      WHEN STARTS_WITH(url, 'https://storage.googleapis.com/')
        THEN SUBSTR(url, LENGTH('https://storage.googleapis.com/') + 1)
      WHEN STARTS_WITH(url, 'https://storage.cloud.google.com/')
        THEN SUBSTR(url, LENGTH('https://storage.cloud.google.com/') + 1)
    END AS path
  FROM found
),
placed AS (
  SELECT *,
    CASE WHEN ENDS_WITH(path, '/')
      THEN SUBSTR(path, STRPOS(path, '/') + 1, GREATEST(LENGTH(path) - STRPOS(path, '/') - 1, 0))
      ELSE SUBSTR(path, STRPOS(path, '/') + 1)
    END AS place
  FROM pathed
  WHERE STRPOS(path, '/') > 1
),
named AS (
  -- The product's name is the last part of its place, 60 letters long, or 54 where it has no _Nxxxx.
  SELECT *,
    SUBSTR(place, LENGTH(place) + 2 - STRPOS(REVERSE(place), '/'), GREATEST(STRPOS(REVERSE(place), '/') - 6, 0)) AS name,
    COALESCE(STARTS_WITH(datatake_identifier, 'GS2') AND LENGTH(datatake_identifier) = 34, FALSE) AS has_datatake,
    COALESCE(generation_time, TIMESTAMP '1970-01-01 00:00:00+00') AS generation,
    CASE WHEN west_lon > east_lon THEN east_lon + 360 ELSE east_lon END AS unwrapped_east
  FROM placed
  WHERE STARTS_WITH(place, @root) AND ENDS_WITH(place, '.SAFE') AND LENGTH(place) > LENGTH(@root) + LENGTH('.SAFE')
    AND STRPOS(place, '//') = 0 AND STRPOS(place, '/./') = 0 AND STRPOS(place, '/../') = 0
    AND STRPOS(place, CHR(92)) = 0 AND STRPOS(place, CHR(10)) = 0 AND STRPOS(place, CHR(13)) = 0
  -- A granule that stands in the table twice counts once.
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY place, granule_id ORDER BY sensing_time, generation_time, product_id, datatake_identifier
  ) = 1
),
stamped AS (
  SELECT *,
    CASE WHEN has_datatake THEN SUBSTR(datatake_identifier, 6, 15) ELSE SUBSTR(name, 12, 15) END AS stamp,
    -- A long-form folder carries the start of the sensing: without the datatake, that is only about right.
    NOT has_datatake AND SUBSTR(name, 12, 8) < '20161207' AS vague,
    CASE LENGTH(name) WHEN 60 THEN SUBSTR(name, 35, 3) WHEN 54 THEN SUBSTR(name, 29, 3) END AS orbit,
    COALESCE(SAFE_CAST(CASE
      WHEN LENGTH(name) = 60 THEN SUBSTR(name, 29, 4)
      WHEN STARTS_WITH(granule_id, 'S2') AND SUBSTR(granule_id, -7, 2) = '_N'
        THEN CONCAT(SUBSTR(granule_id, -5, 2), SUBSTR(granule_id, -2, 2))
      WHEN has_datatake THEN CONCAT(SUBSTR(datatake_identifier, 30, 2), SUBSTR(datatake_identifier, 33, 2))
    END AS INT64), -1) AS baseline
  FROM named
),
started AS (
  SELECT *,
    UNIX_SECONDS(SAFE_CAST(CONCAT(
      SUBSTR(stamp, 1, 4), '-', SUBSTR(stamp, 5, 2), '-', SUBSTR(stamp, 7, 2), ' ',
      SUBSTR(stamp, 10, 2), ':', SUBSTR(stamp, 12, 2), ':', SUBSTR(stamp, 14, 2), '+00'
    ) AS TIMESTAMP)) AS start
  FROM stamped
),
passes AS (
  -- What the products of an acquisition share but for its start; a name that says nothing stands for itself.
  SELECT *,
    CASE WHEN NOT @every_product AND STARTS_WITH(name, 'S2') AND SUBSTR(name, 4, 4) = '_MSI'
        AND SAFE_CAST(orbit AS INT64) IS NOT NULL AND start IS NOT NULL
      THEN CONCAT(SUBSTR(name, 1, 3), SUBSTR(name, 8, 3), mgrs_tile, orbit)
      ELSE CONCAT(place, ' ', granule_id)
    END AS pass
  FROM started
),
opened AS (
  SELECT *,
    CASE WHEN start = LAG(start) OVER by_start OR pass = CONCAT(place, ' ', granule_id)
        OR ((vague OR LAG(vague) OVER by_start) AND start - LAG(start) OVER by_start < 3600)
      THEN 0 ELSE 1
    END AS opens
  FROM passes
  WINDOW by_start AS (PARTITION BY pass ORDER BY start, place, granule_id)
),
grouped AS (
  SELECT *,
    SUM(opens) OVER (
      PARTITION BY pass ORDER BY start, place, granule_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS acquisition
  FROM opened
),
best AS (
  -- All granules of the best product: one product may hold a tile in several pieces.
  SELECT * FROM grouped
  WHERE TRUE
  QUALIFY place = FIRST_VALUE(place) OVER (
    PARTITION BY pass, acquisition ORDER BY baseline DESC, generation DESC, place DESC, granule_id DESC
  )
),
matching AS (
  SELECT *,
    -- Unknown clouds come last.
    CASE WHEN cloud_cover <= 100 THEN cloud_cover ELSE 101 END AS cloudiness
  FROM best
  WHERE sensing_time BETWEEN @since AND @until
    AND (@any_cloud OR cloud_cover BETWEEN @cloud_min AND @cloud_max)
    AND (@any_arrival OR came >= @arrived)
    -- A row without a box is found by its tile; of a box wider than half the globe only the latitudes count.
    AND (((north_lat IS NULL OR south_lat IS NULL OR west_lon IS NULL OR east_lon IS NULL)
      AND mgrs_tile NOT IN UNNEST(@beside)) OR (
      south_lat <= @north AND north_lat >= @south AND CASE
        WHEN unwrapped_east - west_lon > 180 THEN mgrs_tile NOT IN UNNEST(@beside)
        ELSE (west_lon <= @east AND unwrapped_east >= @west)
          OR (west_lon + 360 <= @east AND unwrapped_east + 360 >= @west)
          OR (west_lon - 360 <= @east AND unwrapped_east - 360 >= @west)
      END))
)
