-- A backfill of script $3 of data source $2 of tenant $1 that is under way shall let others claim it after its window. No
-- row: there is none.
UPDATE weir.scheduled_pipeline_runs SET parameters = parameters || '{"yield": true}'
WHERE tenant_id = $1 AND status = 'RUNNING' AND parameters ? 'from' AND parameters ->> 'source' = $2
  AND parameters ->> 'script' = $3
RETURNING id
