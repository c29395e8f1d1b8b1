-- The scripts that pipeline run $2 of tenant $1 still holds.
SELECT data_source, script FROM weir.data_source_run
WHERE tenant_id = $1 AND pipeline_run_id = $2 AND status IN ('RUNNING', 'PARKED')
