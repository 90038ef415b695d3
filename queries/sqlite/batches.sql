-- The build and each update since, in order.
SELECT id, came_at AS cameAt, sources FROM batch ORDER BY id
