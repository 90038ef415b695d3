-- A page of the granules of an area, the most clouded first, then as in search.sql; unknown clouds come last.
-- @paged          BOOL           true: only what comes after the six below, where the page before ended
-- @cloudiness     FLOAT64        percent below 0, the most clouded least; 101 where the cloud cover is not known
-- @sensing        TIMESTAMP
-- @generation     TIMESTAMP      1970 where there is none
-- @tile           STRING
-- @place          STRING
-- @granule_id     STRING
-- @page_rows      INT64
{matching.sql},
turned AS (
  SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, total_size,
    cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url, place,
    generation, CASE WHEN cloudiness > 100 THEN cloudiness ELSE -cloudiness END AS cloudiness
  FROM matching
)
SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, total_size,
  cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url, place,
  cloudiness
FROM turned
WHERE NOT @paged OR cloudiness > @cloudiness OR (cloudiness = @cloudiness AND (
  sensing_time < @sensing OR (sensing_time = @sensing AND (
    generation < @generation OR (generation = @generation AND (
      mgrs_tile < @tile OR (mgrs_tile = @tile AND (
        place < @place OR (place = @place AND granule_id < @granule_id)))))))))
ORDER BY cloudiness, sensing_time DESC, generation DESC, mgrs_tile DESC, place DESC, granule_id DESC
LIMIT @page_rows
