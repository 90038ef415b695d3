-- Remembers a colour. One that is there stays, unless its numbers can be none of a colour.
-- :storage, :place, :granule_id, :source, :stride, :method   as in colour.sql
-- :product_id, :mgrs_tile   TEXT
-- :sensing_time   INTEGER, microseconds since 1970
-- :red, :green, :blue, :valid   REAL
-- :sampled   INTEGER
-- :made_at   INTEGER, milliseconds since 1970
INSERT INTO colour VALUES (:storage, :place, :granule_id, :source, :stride, :method, :product_id,
  :mgrs_tile, :sensing_time, :red, :green, :blue, :valid, :sampled, :made_at)
ON CONFLICT DO UPDATE SET
  red = excluded.red, green = excluded.green, blue = excluded.blue,
  valid = excluded.valid, sampled = excluded.sampled, made_at = excluded.made_at
WHERE (abs(colour.red) < 9e999 AND abs(colour.green) < 9e999 AND abs(colour.blue) < 9e999
  AND colour.valid > 0 AND colour.valid <= 1 AND colour.sampled > 0) IS NOT TRUE
