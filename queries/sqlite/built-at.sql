-- When the index was built, microseconds since 1970: what tells an index from the one that replaces it.
SELECT value FROM about WHERE name = 'builtAt'
