-- What is worth remembering, layout 3. application_id is "swST"; user_version is the number of the layout.
-- Each statement leaves alone what is there, so that the same text makes a store and upgrades one of layout 1 or 2.

CREATE TABLE IF NOT EXISTS listing (
  storage TEXT NOT NULL,       -- where it was listed: the bucket and, if it is not Google's, the endpoint
  listed TEXT NOT NULL,        -- what was listed: the prefix, and the delimiter behind a line feed
  entries TEXT NOT NULL,       -- JSON, see src/store/listings.ts
  PRIMARY KEY (storage, listed)
) WITHOUT ROWID;

-- One row a granule, sampling and method; written once.
CREATE TABLE IF NOT EXISTS colour (
  storage TEXT NOT NULL,       -- as of a listing
  place TEXT NOT NULL,         -- folder of the product in its bucket: a granule's name alone is not unique
  granule_id TEXT NOT NULL,
  source TEXT NOT NULL,        -- bands or preview
  stride INTEGER NOT NULL,     -- pixels of the 10 m grid; 0 for a preview
  method INTEGER NOT NULL,     -- version of the way it was made
  product_id TEXT NOT NULL,
  mgrs_tile TEXT NOT NULL,     -- 33UUB
  sensing_time INTEGER NOT NULL, -- microseconds since 1970
  red REAL NOT NULL,           -- mean reflectance, or 0 to 1 of display for a preview
  green REAL NOT NULL,
  blue REAL NOT NULL,
  valid REAL NOT NULL,         -- share of sampled pixels that hold data, above 0 to 1
  sampled INTEGER NOT NULL,    -- pixels sampled of each band
  made_at INTEGER NOT NULL,    -- milliseconds since 1970
  PRIMARY KEY (storage, place, granule_id, source, stride, method)
) WITHOUT ROWID, STRICT;

-- The colours of a tile in the order of time: a catalog asks for those of an area, of one sampling and method.
CREATE INDEX IF NOT EXISTS colour_by_tile ON colour (storage, source, stride, method, mgrs_tile, sensing_time);

-- Where the tile-parts of an image file lie.
CREATE TABLE IF NOT EXISTS tile_part_layout (
  storage TEXT NOT NULL,       -- as of a listing
  key TEXT NOT NULL,           -- of the file in its bucket
  size INTEGER NOT NULL,       -- of the file, bytes
  first INTEGER NOT NULL,      -- offset of the first SOT, bytes
  lengths BLOB NOT NULL,       -- bytes of each tile-part in order, unsigned 32 bits each, little-endian
  most BLOB NOT NULL,          -- most bytes that a tile-part needs, by reduce from 0; as lengths
  PRIMARY KEY (storage, key)
) WITHOUT ROWID, STRICT;

-- Rows of the tables above that are told to anyone who asks how the store does: counting millions takes long.
CREATE TABLE IF NOT EXISTS tally (name TEXT NOT NULL PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID, STRICT;
INSERT OR IGNORE INTO tally SELECT 'listing', count(*) FROM listing;
INSERT OR IGNORE INTO tally SELECT 'colour', count(*) FROM colour;
CREATE TRIGGER IF NOT EXISTS listing_added AFTER INSERT ON listing BEGIN
  UPDATE tally SET rows = rows + 1 WHERE name = 'listing';
END;
CREATE TRIGGER IF NOT EXISTS colour_added AFTER INSERT ON colour BEGIN
  UPDATE tally SET rows = rows + 1 WHERE name = 'colour';
END;
