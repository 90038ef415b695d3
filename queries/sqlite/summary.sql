-- What a search matches, counted by month, tile and cloud in one pass (workers/ask-index-counts.ts), as JSON;
-- {source} as in search.sql.
SELECT tally(cell, sensing, cloud) FROM {source}
