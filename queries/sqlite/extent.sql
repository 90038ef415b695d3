-- What a search matches in all; {source} as in search.sql. Only rows kept verbatim can be of the long
-- form, whose names begin with the satellite.
SELECT count(*), total(size), count(*) - count(size),
  count(*) FILTER (WHERE json_extract(verbatim, '$[0]') LIKE 'S2%')
FROM {source}
