-- Deletes at most about $2 home rows of tenant $1.
SELECT weir.delete_tenant_rows($1, $2) AS gone
