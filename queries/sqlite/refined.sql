-- The granules that a search matches, whatever it asks for but colours; stands where other statements say
-- {source}.
granule
WHERE {matching.sql}
  AND {refining.sql}
