-- Removes the colours that those of a page were made to replace: of the same granule and sampling by an older method.
-- Parameters as in merge-colour-page.sql.
DELETE FROM main.colour
WHERE (storage, place, granule_id, source, stride, method) IN (
  SELECT older.storage, older.place, older.granule_id, older.source, older.stride, older.method
  FROM (SELECT row.storage, row.place, row.granule_id, row.source, row.stride, row.method {merge-colour-page.sql}) AS newer
  CROSS JOIN main.colour AS older
  WHERE older.storage = newer.storage AND older.place = newer.place AND older.granule_id = newer.granule_id
    AND older.source = newer.source AND older.stride = newer.stride AND older.method < newer.method)
