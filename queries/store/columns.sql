-- The columns of all tables, in order. No parameters.
SELECT tables.name AS "table", columns.name AS "column"
FROM main.sqlite_schema AS tables JOIN pragma_table_info(tables.name, 'main') AS columns
WHERE tables.type = 'table'
ORDER BY tables.name, columns.cid
