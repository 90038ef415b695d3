-- Makes a copy of the archive's index whose rows are kept in order of tile and time, so that a search, which names
-- its tiles, reads a hundredth of the bytes or less. It bills the whole table once, and once again for what came
-- since. {copy} stands for the table that is made, project.dataset.table; its dataset lies in the US, as the
-- public one does. No parameters.
CREATE OR REPLACE TABLE `{copy}`
CLUSTER BY mgrs_tile, sensing_time
AS SELECT * FROM `bigquery-public-data.cloud_storage_geo_index.sentinel_2_index`
