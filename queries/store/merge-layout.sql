-- Takes a page of places of tile-parts. Those that are there stay, unless they are damaged.
-- :storage, :key             TEXT, where the page before ended
-- :last_storage, :last_key   TEXT, where this one ends, included
INSERT INTO main.tile_part_layout
SELECT row.storage, row.key, row.size, row.first, row.lengths, row.most FROM taken.tile_part_layout AS row
WHERE (row.storage, row.key) > (:storage, :key) AND (row.storage, row.key) <= (:last_storage, :last_key)
  AND {sound-layout.sql}
ON CONFLICT DO UPDATE SET
  size = excluded.size, first = excluded.first, lengths = excluded.lengths, most = excluded.most
WHERE length(tile_part_layout.lengths) = 0 OR length(tile_part_layout.lengths) % 4 > 0
  OR length(tile_part_layout.most) = 0 OR length(tile_part_layout.most) % 4 > 0
