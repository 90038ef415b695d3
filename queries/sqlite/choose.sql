-- Chooses the best granule of each tile, or of each tile and month: is_chosen tells them apart from then on.
-- {source} as in search.sql; :chosen is 0.
SELECT choose(cell, sensing, generation, seq, cloud, west, south, east, north) FROM {source}
