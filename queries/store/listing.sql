-- The entries listed under a prefix.
-- :storage   TEXT, name of the storage
-- :listed    TEXT, the prefix, and the delimiter behind a line feed
SELECT entries FROM listing WHERE storage = :storage AND listed = :listed
