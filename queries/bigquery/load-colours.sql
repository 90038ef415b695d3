-- Loads the colours that `swath colours export --to colours.parquet` wrote into a table beside the archive's index, in
-- place of what the table held. Kept in order of tile and time as the copy of copy-clustered.sql is, so that a rank
-- that names tiles reads little. {colours} stands for the table, project.dataset.table, whose dataset lies where
-- the index does (the public one in the US); {file} for the file in a bucket there, gs://bucket/colours.parquet, or
-- for many with a * in the name. No parameters. The columns are those of src/export-colours.ts.
LOAD DATA OVERWRITE `{colours}` (
  storage STRING,
  granule_id STRING,
  product_id STRING,
  mgrs_tile STRING,
  sensing_time TIMESTAMP,
  source STRING,
  stride INT64,
  colour STRING,
  red FLOAT64,
  green FLOAT64,
  blue FLOAT64,
  valid FLOAT64,
  sampled INT64,
  method INT64,
  made_at TIMESTAMP
)
CLUSTER BY mgrs_tile, sensing_time
FROM FILES (format = 'PARQUET', uris = ['{file}'])
