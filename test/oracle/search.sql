-- Positions of the granules that match, by one scan; the order asked for is put in last.
-- $limit  INTEGER
SELECT position FROM granule
WHERE {matching}
ORDER BY {order}
LIMIT $limit
