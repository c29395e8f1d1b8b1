-- Tenant $1 subscribes to the plan $2 with status $3; no row: there is no such plan.
INSERT INTO weir.subscription AS s (tenant_id, plan, status)
SELECT $1, p.name, $3 FROM weir.plan p WHERE p.name = $2 FOR KEY SHARE
ON CONFLICT (tenant_id) DO UPDATE SET plan = excluded.plan, status = excluded.status, updated_at = now()
RETURNING s.plan, s.status, s.created_at, s.updated_at
