-- The page of the file with which the table of granules begins.
SELECT rootpage AS root FROM sqlite_schema WHERE type = 'table' AND name = 'granule'
