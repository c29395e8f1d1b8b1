-- The keys of the tenants whose ids are in $1.
SELECT id, key FROM weir.tenant WHERE id = ANY ($1::uuid[])
