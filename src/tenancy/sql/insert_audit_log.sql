-- Records a change: tenant $1, its key $2, actor $3, action $4, target $5, before $6, after $7.
INSERT INTO weir.audit_log (tenant_id, tenant_key, actor, action, target, before, after)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
