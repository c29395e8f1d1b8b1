-- The pipeline run or backfill $1, which this process works by itself, goes on in its epoch $2, also when the reaper has
-- marked it meanwhile. One of the queue belongs to whoever claims it there.
UPDATE weir.scheduled_pipeline_runs h SET status = 'RUNNING', epoch = $2, completed_at = NULL, error = NULL
WHERE h.id = $1 AND h.trigger IN ('manual', 'backfill') AND h.status IN ('RUNNING', 'INTERRUPTED')
  AND h.cancel_requested_at IS NULL
  AND NOT EXISTS (SELECT FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = h.id)
RETURNING h.id
