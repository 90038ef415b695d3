-- What a search matches in all; parameters as in search.sql. Only rows kept verbatim can be of the long form,
-- whose names begin with the satellite.
SELECT count(*), total(size), count(*) - count(size),
  count(*) FILTER (WHERE json_extract(verbatim, '$[0]') LIKE 'S2%')
FROM granule
WHERE cell IN (SELECT value FROM json_each(:cells))
  AND sensing BETWEEN :from AND :until
  AND superseded <= :superseded
  AND (:cloudMin IS NULL OR cloud BETWEEN :cloudMin AND :cloudMax)
  AND (south IS NULL OR (
    south <= :north AND north >= :south AND (
      (west <= :east AND east >= :west)
      OR (west <= :east + 360000000 AND east >= :west + 360000000)
      OR (west <= :east - 360000000 AND east >= :west - 360000000))))
