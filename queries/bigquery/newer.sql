-- The rows that came into the table, or were made, at a time or later; several came at the same moment, so that
-- the last ones known come again. In no order: who puts them into an index sorts them anyway.
-- {table}, {column} and {etl} are put in: the table, the column that is asked, and the one that tells when a row
-- came, or a NULL where the table has none.
-- @known          TIMESTAMP      up to when the index knows the table
SELECT granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, generation_time, {etl} AS came,
  total_size, cloud_cover, geometric_quality_flag, north_lat, south_lat, west_lon, east_lon, source_url, base_url
FROM {table}
WHERE {column} >= @known
