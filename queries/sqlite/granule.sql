-- The rows that may carry a granule's name: its orbit in its tile, or the name kept verbatim.
-- :cell    INTEGER, tile and level of the name
-- :orbit   INTEGER, absolute orbit of the name
-- :name    TEXT
SELECT * FROM granule WHERE cell = :cell AND orbit = :orbit
UNION ALL
SELECT * FROM granule WHERE verbatim IS NOT NULL AND json_extract(verbatim, '$[0]') = :name
ORDER BY cell, sensing, generation, seq
