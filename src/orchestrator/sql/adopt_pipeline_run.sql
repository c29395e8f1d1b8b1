-- The manual pipeline run or backfill $1 goes on in epoch $2 of the same process, also when the reaper has marked it meanwhile.
UPDATE weir.scheduled_pipeline_runs SET status = 'RUNNING', epoch = $2, completed_at = NULL, error = NULL
WHERE id = $1 AND trigger IN ('manual', 'backfill') AND status IN ('RUNNING', 'INTERRUPTED') AND cancel_requested_at IS NULL
RETURNING id
