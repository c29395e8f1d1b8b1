-- The keys of tenants $1.
SELECT id, key FROM weir.tenant WHERE id = ANY ($1::text[]::uuid[])
