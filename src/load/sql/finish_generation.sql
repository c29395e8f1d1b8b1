-- The end of a listing: its outcome stays, its keys go. $1 tenant, $2 data source, $3 script, $4 partition,
-- $5 generation, $6 outcome.
WITH forgotten_keys AS (
  DELETE FROM weir.generation_seen
  WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation = $5
)
UPDATE weir.generation SET outcome = $6, finished_at = clock_timestamp()
WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation = $5
