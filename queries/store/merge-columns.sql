-- As columns.sql, of the attached store `taken`. No parameters.
SELECT tables.name AS "table", columns.name AS "column"
FROM taken.sqlite_schema AS tables JOIN pragma_table_info(tables.name, 'taken') AS columns
WHERE tables.type = 'table'
ORDER BY tables.name, columns.cid
