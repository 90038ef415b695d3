-- Takes a page of colours, but for those of which there is one by a newer method. One that is there stays, as in
-- put-colour.sql, unless its numbers can be none of a colour. Parameters as in merge-colour-page.sql.
INSERT INTO main.colour
SELECT row.* {merge-colour-page.sql}
  AND NOT EXISTS (
    SELECT 1 FROM main.colour AS newer
    WHERE newer.storage = row.storage AND newer.place = row.place AND newer.granule_id = row.granule_id
      AND newer.source = row.source AND newer.stride = row.stride AND newer.method > row.method)
ON CONFLICT DO UPDATE SET
  red = excluded.red, green = excluded.green, blue = excluded.blue,
  valid = excluded.valid, sampled = excluded.sampled, made_at = excluded.made_at
WHERE (abs(colour.red) < 9e999 AND abs(colour.green) < 9e999 AND abs(colour.blue) < 9e999
  AND colour.valid > 0 AND colour.valid <= 1 AND colour.sampled > 0) IS NOT TRUE
