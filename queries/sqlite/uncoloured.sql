-- The granules that a search matches and whose colour is not remembered; stands where other statements say
-- {source}. Parameters of coloured.sql but for :tiles. A row's names are put together to look it up in the store.
granule
WHERE {matching.sql}
  AND {refining.sql}
  AND NOT EXISTS (
    SELECT 1 FROM colour AS remembered
    WHERE remembered.storage = :storage
      AND remembered.place = place_of(cell, sensing, generation, start, stamp, made, orbit, pass, baseline, verbatim)
      AND remembered.granule_id =
        granule_id_of(cell, sensing, generation, start, stamp, made, orbit, pass, baseline, verbatim)
      AND remembered.source = :colourSource AND remembered.stride = :stride AND remembered.method = :method)
