-- How many granules of a level were generated after a time; reads all of the table.
-- :level       0 for L1C, 1 for L2A
-- :generation  microseconds since 1970
SELECT count(*) AS granules FROM granule WHERE cell % 2 = :level AND round(generation * 1e6) > :generation
