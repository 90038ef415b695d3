-- Where the tile-parts of a file lie; of a file of another size it is another file.
-- :storage, :key   TEXT
-- :size            INTEGER, bytes
SELECT first, lengths, most FROM tile_part_layout WHERE storage = :storage AND key = :key AND size = :size
