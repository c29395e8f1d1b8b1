-- The tables of schema data as they are: a row per column, its type by OID, its place in the primary key (null: none).
SELECT c.relname AS table_name, a.attname AS column_name, a.atttypid::bigint AS type,
       array_position(i.indkey::smallint[], a.attnum) AS key_position, c.relforcerowsecurity AS is_protected
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = 'data'::regnamespace AND c.relkind IN ('r', 'p')
