-- At most $3 pipelines of tenant $1 after the name $2.
SELECT * FROM weir.tenant_pipeline_configs WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3
