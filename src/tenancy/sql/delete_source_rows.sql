-- Deletes at most about $3 home rows of tenant $1's data source $2.
SELECT weir.delete_source_rows($1, $2, $3) AS gone
