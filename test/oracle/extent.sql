-- What matches in all, counted.
SELECT count(*)::INTEGER AS granules, coalesce(sum(size), 0)::DOUBLE AS bytes,
  (count(*) - count(size))::INTEGER AS without_size, (count(*) FILTER (WHERE long_form))::INTEGER AS long_form
FROM granule
WHERE {matching}
