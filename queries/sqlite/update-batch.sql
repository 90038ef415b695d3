-- An update's line among the batches; its time moves on with each commit, so that who asks for what came since
-- a time misses nothing.
-- :id        INTEGER
-- :cameAt    INTEGER, microseconds since 1970
-- :sources   TEXT, JSON array of strings
INSERT INTO batch (id, came_at, sources) VALUES (:id, :cameAt, :sources)
ON CONFLICT (id) DO UPDATE SET came_at = excluded.came_at
