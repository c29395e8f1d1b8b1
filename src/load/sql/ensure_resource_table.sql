-- Creates or widens the table of a resource. $1 name, $2 description, $3 key, $4 columns, $5 their types, $6 their
-- descriptions.
SELECT weir.ensure_resource_table($1, $2, $3, $4, $5, $6)
