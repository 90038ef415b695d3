-- How many rows there are of each table that is counted.
SELECT name, rows FROM tally ORDER BY name
