-- Pipeline $2 of tenant $1 is no more.
DELETE FROM weir.tenant_pipeline_configs WHERE tenant_id = $1 AND id = $2
