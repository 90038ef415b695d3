-- As merge-colour-count.sql, of places of tile-parts.
SELECT count(*) AS "rows", count(*) FILTER (WHERE ({sound-layout.sql}) IS NOT TRUE) AS unsound
FROM taken.tile_part_layout AS row
