-- The granules that a search matches and whose colour is remembered and as it is wanted, found from the colours of
-- their tiles; stands where other statements say {source}. Functions of the connection are those of
-- workers/ask-index-colours.ts.
-- :tiles         JSON object, the cell of each candidate tile by the tile's name
-- :storage       TEXT, whose colours are meant
-- :colourSource  TEXT, bands or preview
-- :stride        INTEGER, 0 for a preview
-- :method        INTEGER
-- and those of matching.sql and refining.sql
json_each(:tiles) AS tile
CROSS JOIN colour AS remembered
CROSS JOIN granule
WHERE remembered.storage = :storage AND remembered.source = :colourSource AND remembered.stride = :stride
  AND remembered.method = :method AND remembered.mgrs_tile = tile.key
  AND remembered.sensing_time BETWEEN :from AND :until
  AND granule.cell = tile.value AND granule.sensing = remembered.sensing_time
  AND is_wanted(remembered.red, remembered.green, remembered.blue, remembered.valid)
  AND is_of(remembered.place, remembered.granule_id, granule.cell, granule.sensing, granule.generation,
    granule.start, granule.stamp, granule.made, granule.orbit, granule.pass, granule.baseline, granule.verbatim)
  AND {matching.sql}
  AND {refining.sql}
