-- Whether a row of the alias `row` can be a listing; no statement of its own, others name it in braces.
CASE WHEN json_valid(row.entries) THEN json_type(row.entries) = 'array' ELSE 0 END
