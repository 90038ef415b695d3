-- What an index says of itself as far as an answer needs it (Standing in workers/ask-index.ts); times in
-- microseconds since 1970.
SELECT
  max(value) FILTER (WHERE name = 'builtAt') + 0 AS built_at,
  max(value) FILTER (WHERE name = 'updatedAt') + 0 AS updated_at,
  max(json_extract(value, '$.L1C')) FILTER (WHERE name = 'levels') AS l1c,
  max(json_extract(value, '$.L2A')) FILTER (WHERE name = 'levels') AS l2a,
  max(json_extract(value, '$.L1C.sensing')) FILTER (WHERE name = 'newest') AS l1c_sensing,
  max(json_extract(value, '$.L1C.generation')) FILTER (WHERE name = 'newest') AS l1c_generation,
  max(json_extract(value, '$.L2A.sensing')) FILTER (WHERE name = 'newest') AS l2a_sensing,
  max(json_extract(value, '$.L2A.generation')) FILTER (WHERE name = 'newest') AS l2a_generation,
  max(json_extract(value, '$.L1C.generation')) FILTER (WHERE name = 'settled') AS l1c_settled,
  max(json_extract(value, '$.L2A.generation')) FILTER (WHERE name = 'settled') AS l2a_settled
FROM about
