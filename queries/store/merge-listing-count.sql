-- As merge-colour-count.sql, of listings.
SELECT count(*) AS "rows", count(*) FILTER (WHERE ({sound-listing.sql}) IS NOT TRUE) AS unsound FROM taken.listing AS row
