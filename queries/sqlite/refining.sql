-- More that a row may have to meet, behind matching.sql; kept apart, since most searches ask for none of it and
-- each comparison with a parameter costs a hundredth of a page's time. Functions of the connection are those of
-- workers/ask-index-ground.ts, ask-index-condition.ts and ask-index-counts.ts, called only where they are asked for.
-- :since         INTEGER, microseconds, when a row came into the index at the earliest, or NULL
-- :shaped        INTEGER, 1 where the area is more than its box
-- :within        INTEGER, 1 where the footprint must lie in the area
-- :leastCoverage REAL, the least share of the area, or NULL for any
-- :conditioned   INTEGER, 1 where the question holds a condition
-- :chosen        INTEGER, 1 for those alone that the statement choose.sql has just left
(:since IS NULL OR batch >= (SELECT min(id) FROM batch WHERE came_at >= :since))
  AND (:shaped = 0 OR meets(cell, west, south, east, north))
  AND (:within = 0 OR is_within(cell, west, south, east, north))
  AND (:leastCoverage IS NULL OR coverage(cell, west, south, east, north) >= :leastCoverage)
  AND (:conditioned = 0 OR meets_condition(cell, sensing, generation, start, stamp, made, orbit, pass, baseline,
    verbatim, cloud))
  AND (:chosen = 0 OR is_chosen(cell, sensing, generation, seq))
