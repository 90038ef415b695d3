-- Whether a tile has a granule at any level.
-- :cells     JSON array of integers
SELECT EXISTS (SELECT 1 FROM granule WHERE cell IN (SELECT value FROM json_each(:cells))) AS holds
