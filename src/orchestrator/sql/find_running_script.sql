-- The script that run $2 of tenant $1 still holds (running or parked); no row when it is over.
SELECT data_source, script FROM weir.data_source_run
WHERE tenant_id = $1 AND run_id = $2 AND status IN ('RUNNING', 'PARKED')
