-- The subscription of tenant $1.
SELECT plan, status, created_at, updated_at FROM weir.subscription WHERE tenant_id = $1
