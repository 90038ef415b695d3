-- What a granule must meet to match a search: no statement of its own, but part of those that scan.
-- $level            TINYINT   0 for L1C, 1 for L2A
-- $superseded       BOOLEAN   false: the best product of each acquisition alone
-- $from, $until     BIGINT    sensing time, microseconds, both included
-- $cloudMin, $cloudMax  DOUBLE  percent, or NULL for any
-- $tiles            INTEGER[] or NULL for any
-- $west, $south, $east, $north  DOUBLE  microdegrees, west <= east
south <= $north AND north >= $south
  -- Whether some number of turns brings the two together.
  AND floor(($east - west) / 360e6) * 360e6 >= $west - east
  AND level = $level AND superseded <= $superseded AND sensing BETWEEN $from AND $until
  AND ($cloudMin IS NULL OR cloud BETWEEN $cloudMin AND $cloudMax)
  AND ($tiles IS NULL OR list_contains($tiles, tile))
