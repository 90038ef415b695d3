-- The granules that a simple search matches; stands where other statements say {source}.
granule
WHERE {matching.sql}
