-- As search-clearest.sql, the most clouded first; unknown clouds come last here, too.
SELECT granule.*, coalesce(-cloud, 101) AS score FROM {source}
  AND {after-score.sql}
