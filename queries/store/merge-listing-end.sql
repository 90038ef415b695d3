-- As merge-colour-end.sql, of listings.
-- :storage, :listed   TEXT, where the page before ended
-- :rows               INTEGER, of a page less one
SELECT storage, listed FROM taken.listing WHERE (storage, listed) > (:storage, :listed)
ORDER BY storage, listed
LIMIT 1 OFFSET :rows
