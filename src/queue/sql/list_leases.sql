-- The runs that epoch $1 holds.
SELECT pipeline_run_id, tenant_id, token, attempt FROM weir.pipeline_execution_queue
WHERE state = 'leased' AND epoch = $1
