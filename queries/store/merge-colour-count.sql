-- Colours of the attached store `taken`, and how many of its rows can be none. No parameters.
SELECT count(*) AS "rows", count(*) FILTER (WHERE ({sound-colour.sql}) IS NOT TRUE) AS unsound FROM taken.colour AS row
