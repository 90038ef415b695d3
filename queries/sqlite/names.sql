-- Finds the rows that are kept verbatim by their granule's name; made when all rows are in.
CREATE INDEX granule_verbatim ON granule (json_extract(verbatim, '$[0]')) WHERE verbatim IS NOT NULL;
