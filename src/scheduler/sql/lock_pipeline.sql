-- Pipeline $2 of tenant $1, kept from others who would change or enqueue it, and the time.
SELECT *, weir.clock() AS now FROM weir.tenant_pipeline_configs WHERE tenant_id = $1 AND id = $2 FOR UPDATE
