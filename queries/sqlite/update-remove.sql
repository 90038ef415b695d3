-- Takes one row out, by its key.
DELETE FROM granule WHERE cell = :cell AND sensing = :sensing AND generation = :generation AND seq = :seq
