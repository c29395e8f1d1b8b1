-- Scripts of tenant $1 that a run holds now, those of pipeline run $2 first.
SELECT data_source, script, pipeline_run_id, pipeline_run_id IS NOT DISTINCT FROM $2::uuid AS is_own
FROM weir.data_source_run
WHERE tenant_id = $1 AND status = 'RUNNING'
ORDER BY is_own DESC, data_source, script LIMIT 20
