-- Whether a row of the alias `row` can tell where tile-parts lie; no statement of its own, others name it in braces.
row.first >= 0 AND row.first < row.size AND length(row.lengths) > 0 AND length(row.lengths) % 4 = 0
  AND length(row.most) > 0 AND length(row.most) % 4 = 0
