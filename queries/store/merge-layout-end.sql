-- As merge-colour-end.sql, of places of tile-parts.
-- :storage, :key   TEXT, where the page before ended
-- :rows            INTEGER, of a page less one
SELECT storage, key FROM taken.tile_part_layout WHERE (storage, key) > (:storage, :key)
ORDER BY storage, key
LIMIT 1 OFFSET :rows
