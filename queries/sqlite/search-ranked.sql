-- As search-clearest.sql, the best colour first, or the worst as the question has it; {source} is coloured.sql.
SELECT granule.*, score_of(remembered.red, remembered.green, remembered.blue) AS score FROM {source}
  AND {after-score.sql}
