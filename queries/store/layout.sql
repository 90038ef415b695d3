-- What is worth remembering, layout 1. application_id is "swST".
CREATE TABLE IF NOT EXISTS listing (
  storage TEXT NOT NULL,       -- where it was listed: the bucket and, if it is not Google's, the endpoint
  listed TEXT NOT NULL,        -- what was listed: the prefix, and the delimiter behind a line feed
  entries TEXT NOT NULL,       -- JSON, see src/store/sqlite.ts
  PRIMARY KEY (storage, listed)
) WITHOUT ROWID;
