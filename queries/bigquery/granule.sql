-- The rows that carry a granule's name, one for each of its products. {table} as in search.sql.
-- @granule_id     STRING
-- @tile           STRING         the tile in that name, so that a clustered table is not read whole
SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, total_size,
  cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url
FROM {table}
WHERE granule_id = @granule_id AND mgrs_tile = @tile AND sensing_time IS NOT NULL
ORDER BY generation_time DESC, source_url DESC, base_url DESC
