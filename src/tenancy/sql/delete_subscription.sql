-- Ends the subscription of tenant $1 to any plan.
DELETE FROM weir.subscription WHERE tenant_id = $1 RETURNING plan, status, created_at, updated_at
