-- The index as a file, layout 2: what `swath index build` makes and the sqlite catalog reads.
-- application_id is "swIX"; user_version is the number of the layout.
PRAGMA application_id = 0x73774958;
PRAGMA user_version = 2;

-- One row a granule, in the order in which every search reads: cell, then newest first.
CREATE TABLE granule (
  cell INTEGER NOT NULL,            -- tile and level, see src/index-file/row.ts
  sensing INTEGER NOT NULL,         -- sensing time, microseconds since 1970
  generation NUMERIC NOT NULL,      -- generation time, seconds since 1970; 0 where the archive gives none
  seq INTEGER NOT NULL,             -- orders what is equal so far, by granule name and place
  start INTEGER,                    -- whole seconds from datatake start to sensing time
  stamp INTEGER,                    -- seconds from datatake start to the time in the granule's name
  made INTEGER,                     -- seconds from the product name's generation time to generation
  orbit INTEGER,                    -- absolute orbit
  pass INTEGER,                     -- 1000 × satellite (0 for S2A) + relative orbit
  baseline INTEGER,                 -- 400 for 04.00
  cloud REAL,                       -- percent
  size INTEGER,                     -- bytes of the product
  quality TEXT,                     -- NULL for PASSED, '' where the archive gives none
  west INTEGER,                     -- box of the valid data in microdegrees, rounded outward;
  south INTEGER,                    -- east is not wrapped, so west <= east;
  east INTEGER,                     -- all four NULL where the archive gives none
  north INTEGER,
  batch INTEGER NOT NULL,           -- with which of the batches below the row came, or was changed last
  superseded INTEGER NOT NULL,      -- 1 where a better product of the same acquisition is in the index
  verbatim TEXT,                    -- JSON [granule_id, product_id, datatake, place] where these do not
                                    -- follow from the columns above, which are then NULL from start to
                                    -- baseline; of the long form product_id is its relative orbit and place
                                    -- left out where they follow from the rest, see src/index-file/long-form.ts
  PRIMARY KEY (cell, sensing, generation, seq)
) WITHOUT ROWID;

-- The build, id 0, and each update since.
CREATE TABLE batch (
  id INTEGER PRIMARY KEY,
  came_at INTEGER NOT NULL,         -- when its rows came into the index, microseconds since 1970
  sources TEXT NOT NULL             -- JSON array of strings
) STRICT;

-- What the index holds and where it came from, as JSON values.
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
