-- What a row of granule must meet to match a search; no statement of its own, but the conditions of those that
-- name this file in braces.
-- :cells         JSON array of integers, the candidate tiles at the asked level
-- The other parameters are those of met.sql.
cell IN (SELECT value FROM json_each(:cells))
  AND {met.sql}
