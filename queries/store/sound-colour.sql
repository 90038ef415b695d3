-- Whether a row of the alias `row` can be a colour; no statement of its own, others name it in braces.
abs(row.red) < 9e999 AND abs(row.green) < 9e999 AND abs(row.blue) < 9e999
  AND row.valid > 0 AND row.valid <= 1 AND row.sampled > 0
  AND row.source IN ('bands', 'preview') AND (row.source = 'preview') = (row.stride = 0) AND row.stride BETWEEN 0 AND 64
