-- What is worth remembering. application_id is "swST"; user_version is the number of the layout.
CREATE TABLE IF NOT EXISTS listing (
  listed TEXT PRIMARY KEY,     -- what was listed: the prefix, and the delimiter behind a line feed
  entries TEXT NOT NULL        -- JSON, see src/store/sqlite.ts
) WITHOUT ROWID;
