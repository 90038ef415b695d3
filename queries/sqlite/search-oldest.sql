-- As search.sql, oldest first: the exact reverse. :from is no earlier than :sensing.
SELECT granule.* FROM {source}
  AND (sensing, generation, cell, seq) > (:sensing, :generation, :cell, :seq)
ORDER BY sensing, generation, cell, seq
LIMIT :limit
