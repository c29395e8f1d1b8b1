-- $1 number, $2 what, $3 checksum, $4 release
INSERT INTO weir.schema_migration (number, what, checksum, schema_release) VALUES ($1::int, $2, $3, $4::int)
