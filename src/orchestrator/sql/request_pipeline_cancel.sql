-- Asks the node of pipeline run $1 to end it; the row when it was still running or parked.
UPDATE weir.scheduled_pipeline_runs SET cancel_requested_at = now()
WHERE id = $1 AND status IN ('RUNNING', 'PARKED', 'IDLE') RETURNING id
