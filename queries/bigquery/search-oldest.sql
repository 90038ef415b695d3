-- A page of the granules of an area, oldest first: the exact reverse of search.sql.
-- @paged          BOOL           true: only what comes after the five below, where the page before ended
-- @sensing        TIMESTAMP
-- @generation     TIMESTAMP      1970 where there is none
-- @tile           STRING
-- @place          STRING
-- @granule_id     STRING
-- @page_rows      INT64
{matching.sql}
SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, total_size,
  cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url, place,
  cloudiness
FROM matching
WHERE NOT @paged OR sensing_time > @sensing OR (sensing_time = @sensing AND (
  generation > @generation OR (generation = @generation AND (
    mgrs_tile > @tile OR (mgrs_tile = @tile AND (
      place > @place OR (place = @place AND granule_id > @granule_id)))))))
ORDER BY sensing_time, generation, mgrs_tile, place, granule_id
LIMIT @page_rows
