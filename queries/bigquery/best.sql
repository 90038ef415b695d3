-- The least clouded granules of an area of each tile, or of each tile and month (UTC) of sensing: all that are
-- equally clear, since which of them covers most of the area no table tells. Newest first.
-- @by_month       BOOL           false: of each tile
-- @page_rows      INT64
{matching.sql}
SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, total_size,
  cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url, place,
  cloudiness
FROM matching
WHERE TRUE
QUALIFY RANK() OVER (
  PARTITION BY mgrs_tile,
    CASE WHEN @by_month THEN EXTRACT(YEAR FROM sensing_time) * 12 + EXTRACT(MONTH FROM sensing_time) ELSE 0 END
  ORDER BY cloudiness
) = 1
ORDER BY sensing_time DESC, generation DESC, mgrs_tile DESC, place DESC, granule_id DESC
LIMIT @page_rows
