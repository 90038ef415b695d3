-- The granules of the archive's CSVs, by what is written of their rows and by no code of src. The table tile
-- (name, west, south, east, north in degrees) is there before.
-- $files  VARCHAR[]  absolute paths
CREATE TABLE granule AS
WITH field AS (
  SELECT NULL::VARCHAR AS source_url WHERE false
  UNION ALL BY NAME
  SELECT * FROM read_csv($files, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"',
    nullstr = '', union_by_name = true)
),
placed AS (
  -- Until March 2024 source_url names the CSV the row came from, since then it has the place.
  SELECT *, rtrim(regexp_extract(
    CASE WHEN source_url IS NULL OR ends_with(source_url, 'index.csv.gz') THEN base_url ELSE source_url END,
    '^(gs:/|https://storage.googleapis.com|https://storage.cloud.google.com)/[^/]+/(.*)$', 2), '/') AS place
  FROM field
),
valued AS (
  SELECT granule_id, datatake_identifier AS datatake, mgrs_tile AS tile, place,
    starts_with(place, 'L2/')::TINYINT AS level,
    epoch_us(TRY_CAST(replace(sensing_time, ' UTC', 'Z') AS TIMESTAMP)) AS sensing,
    CASE WHEN generation_time IS NULL THEN 0
      ELSE epoch_us(TRY_CAST(replace(generation_time, ' UTC', 'Z') AS TIMESTAMP)) END AS generation,
    number(cloud_cover, 0, 100) AS cloud,
    number(total_size, 0, 9007199254740991) AS size,
    number(west_lon, -180, 360) AS west,
    number(south_lat, -90, 90) AS south,
    number(east_lon, -180, 360) AS east,
    number(north_lat, -90, 90) AS north
  FROM placed
  WHERE regexp_full_match(place, '(L2/)?tiles/.+[.]SAFE')
),
readable AS (
  SELECT * FROM valued
  WHERE granule_id IS NOT NULL AND sensing IS NOT NULL AND generation IS NOT NULL
    AND isnan(cloud) IS NOT true AND isnan(size) IS NOT true
    AND isnan(west) IS NOT true AND isnan(south) IS NOT true
    AND isnan(east) IS NOT true AND isnan(north) IS NOT true
  -- A granule that stands there twice counts once.
  QUALIFY row_number() OVER (PARTITION BY level, tile, place, granule_id ORDER BY sensing, generation) = 1
),
turned AS (
  SELECT * EXCLUDE (east), CASE WHEN west > east THEN east + 360 ELSE east END AS east,
    west IS NOT NULL AND south IS NOT NULL AND east IS NOT NULL AND north IS NOT NULL AS boxed
  FROM readable
),
narrowed AS (
  -- A box wider than half the globe counts for its latitudes alone.
  SELECT turned.* EXCLUDE (west, east),
    CASE WHEN turned.east - turned.west > 180 THEN ground.west ELSE turned.west END AS west,
    CASE WHEN turned.east - turned.west > 180 THEN ground.east ELSE turned.east END AS east,
    ground
  FROM turned JOIN tile AS ground ON ground.name = turned.tile
),
boxed AS (
  -- In microdegrees: a box is rounded outward; where there is none the tile's own counts, and a little on top
  -- for what arithmetic may lose of it.
  SELECT * EXCLUDE (west, south, east, north, ground),
    CASE WHEN boxed THEN floor(west * 1e6) ELSE ground.west * 1e6 - 1e-3 END AS west,
    CASE WHEN boxed THEN floor(south * 1e6) ELSE ground.south * 1e6 - 1e-3 END AS south,
    CASE WHEN boxed THEN ceil(east * 1e6) ELSE ground.east * 1e6 + 1e-3 END AS east,
    CASE WHEN boxed THEN ceil(north * 1e6) ELSE ground.north * 1e6 + 1e-3 END AS north
  FROM narrowed
),
named AS (
  SELECT *,
    regexp_extract(place,
      '/(S2[A-D])_MSI(L1C|L2A)_([0-9]{8}T[0-9]{6})(_N([0-9]{4}))?_R([0-9]{3})_T\w{5}_\w{15}[.]SAFE$',
      ['satellite', 'level', 'start', 'n', 'baseline', 'orbit']) AS product,
    regexp_extract(datatake, '^GS2[A-D]_([0-9]{8}T[0-9]{6})_[0-9]{6}_N([0-9]{2})[.]([0-9]{2})$',
      ['start', 'major', 'minor']) AS took,
    regexp_extract(granule_id, '^S2[A-D]_.*_N([0-9]{2})[.]([0-9]{2})$', ['major', 'minor']) AS long
  FROM boxed
),
dated AS (
  SELECT * EXCLUDE (product, took, long),
    -- A name that says nothing stands for itself.
    CASE WHEN product.satellite = '' THEN place || ' ' || granule_id
      ELSE concat_ws(' ', product.satellite, product.level, tile, product.orbit) END AS pass,
    coalesce(TRY_CAST(product.baseline AS INTEGER), TRY_CAST(long.major || long.minor AS INTEGER),
      TRY_CAST(took.major || took.minor AS INTEGER), -1) AS baseline,
    -- Where no datatake is told, a folder of the long form carries the start of the sensing instead.
    coalesce(took.start, '') = '' AND product.start < '20161207T000000' AS vague,
    epoch(strptime(CASE WHEN coalesce(took.start, '') = '' THEN nullif(product.start, '') ELSE took.start END,
      '%Y%m%dT%H%M%S')) AS start
  FROM named
),
opened AS (
  SELECT *,
    start = lag(start) OVER passing
      OR ((vague OR lag(vague) OVER passing) AND start - lag(start) OVER passing < 3600) AS goes_on
  FROM dated
  WINDOW passing AS (PARTITION BY pass ORDER BY start, sensing, generation, place, granule_id)
),
acquired AS (
  SELECT *, count(*) FILTER (WHERE goes_on IS DISTINCT FROM true) OVER passing AS acquisition
  FROM opened
  WINDOW passing AS (PARTITION BY pass ORDER BY start, sensing, generation, place, granule_id)
),
settled AS (
  SELECT *, place != first_value(place) OVER (
    PARTITION BY pass, acquisition ORDER BY baseline DESC, generation DESC, place DESC) AS superseded
  FROM acquired
)
SELECT
  -- Its place in the order of every answer, newest first.
  row_number() OVER (
    ORDER BY sensing DESC, generation DESC, tile DESC, place DESC, granule_id DESC)::INTEGER AS position,
  level, superseded, sensing, cloud, west, south, east, north,
  (SELECT id FROM tile WHERE tile.name = settled.tile) AS tile,
  size::BIGINT AS size, boxed, starts_with(granule_id, 'S2') AS long_form, place || ' ' || granule_id AS name
FROM settled
ORDER BY position
