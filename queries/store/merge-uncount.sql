-- Takes removed colours off the tally.
-- :removed   INTEGER
UPDATE main.tally SET rows = rows - :removed WHERE name = 'colour'
