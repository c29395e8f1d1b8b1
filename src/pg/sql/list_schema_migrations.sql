-- What was applied, in order.
SELECT number, checksum, schema_release FROM weir.schema_migration ORDER BY number
