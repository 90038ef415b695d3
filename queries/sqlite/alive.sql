-- The smallest query that reads a granule: the first of the table.
SELECT * FROM granule ORDER BY cell, sensing, generation, seq LIMIT 1
