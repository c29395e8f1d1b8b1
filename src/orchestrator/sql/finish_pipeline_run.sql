-- The end of pipeline run $1: status $2, summary $3, error $4. Unless the reaper ended it before.
UPDATE weir.scheduled_pipeline_runs SET status = $2, summary = $3::jsonb, error = $4, completed_at = clock_timestamp()
WHERE id = $1 AND completed_at IS NULL
