-- As search.sql, the least clouded first, unknown clouds last, what is equal so far as in search.sql. The last
-- column is what orders, here and in the statements that name this one.
-- :score         REAL, that of the last row of the page before; NULL on the first page
SELECT granule.*, coalesce(cloud, 101) AS score FROM {source}
  AND {after-score.sql}
