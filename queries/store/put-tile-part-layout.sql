-- Remembers where the tile-parts of a file lie; the newer one of two stays.
-- :storage, :key, :size   as in tile-part-layout.sql
-- :first                  INTEGER, offset in the file, bytes
-- :lengths, :most         BLOB, unsigned 32 bits each, little-endian
INSERT INTO tile_part_layout VALUES (:storage, :key, :size, :first, :lengths, :most)
ON CONFLICT DO UPDATE SET
  size = excluded.size, first = excluded.first, lengths = excluded.lengths, most = excluded.most
