-- A field as a number between two others, both included; NULL where it is empty, NaN where it is no such
-- number.
CREATE MACRO number(field, low, high) AS CASE
  WHEN field IS NULL THEN NULL
  WHEN regexp_full_match(field, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')
    AND TRY_CAST(field AS DOUBLE) BETWEEN low AND high THEN TRY_CAST(field AS DOUBLE)
  ELSE 'nan'::DOUBLE
END
