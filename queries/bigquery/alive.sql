-- The smallest query there is: a job runs, and bills nothing.
SELECT 1 AS alive
