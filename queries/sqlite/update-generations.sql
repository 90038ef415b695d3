-- The newest generation time of each level, seconds since 1970; cells count levels in turn. Reads the whole table.
SELECT cell % 2 AS level, max(generation) AS generation FROM granule GROUP BY cell % 2 ORDER BY level
