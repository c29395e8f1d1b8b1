-- Pipeline of tenant $1 by name $2 or id $3.
SELECT * FROM weir.tenant_pipeline_configs WHERE tenant_id = $1 AND (name = $2 OR id = $3)
