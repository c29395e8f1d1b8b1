-- The end of pipeline run $1: status $2, summary $3, error $4.
UPDATE weir.scheduled_pipeline_runs SET status = $2, summary = $3, error = $4, completed_at = clock_timestamp()
WHERE id = $1 AND status IN ('RUNNING', 'INTERRUPTED')
