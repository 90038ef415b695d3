-- Where a page of the colours of the attached store `taken` ends; no row where it is the last.
-- :storage, :place, :granule_id, :source   TEXT, where the page before ended
-- :stride, :method                         INTEGER, likewise
-- :rows                                    INTEGER, of a page less one
SELECT storage, place, granule_id, source, stride, method FROM taken.colour
WHERE (storage, place, granule_id, source, stride, method) > (:storage, :place, :granule_id, :source, :stride, :method)
ORDER BY storage, place, granule_id, source, stride, method
LIMIT 1 OFFSET :rows
