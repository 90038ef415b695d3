-- The rows of a page of the attached store `taken`; no statement of its own, others name it in braces.
-- :storage, :place, :granule_id, :source, :stride, :method   where the page before ended
-- :last_storage, …                                           where this one ends, included
FROM taken.colour AS row
WHERE (row.storage, row.place, row.granule_id, row.source, row.stride, row.method)
    > (:storage, :place, :granule_id, :source, :stride, :method)
  AND (row.storage, row.place, row.granule_id, row.source, row.stride, row.method)
    <= (:last_storage, :last_place, :last_granule_id, :last_source, :last_stride, :last_method)
  AND {sound-colour.sql}
