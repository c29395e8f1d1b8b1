-- Backfill $1 ends inside a window; $2 is what was done of it.
UPDATE weir.scheduled_pipeline_runs SET parameters = parameters || jsonb_build_object('window', $2::jsonb)
WHERE id = $1
