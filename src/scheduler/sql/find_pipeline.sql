-- Pipeline of tenant $1 by name $2, or else by id $3: a name may look like an id.
SELECT * FROM weir.tenant_pipeline_configs WHERE tenant_id = $1 AND (name = $2 OR id = $3) ORDER BY name = $2 DESC LIMIT 1
