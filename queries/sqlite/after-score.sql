-- What follows the row that a page ended with, in the order of a score; the end of the statements that name this
-- file in braces.
(:score IS NULL OR score > :score
    OR (score = :score AND (sensing, generation, cell, seq) < (:sensing, :generation, :cell, :seq)))
ORDER BY score, sensing DESC, generation DESC, cell DESC, seq DESC
LIMIT :limit
