-- A listing that cannot be finished is forgotten with its keys. $1 tenant, $2 data source, $3 script, $4 partition,
-- $5 generation.
WITH forgotten_keys AS (
  DELETE FROM weir.generation_seen
  WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation = $5
)
DELETE FROM weir.generation
WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation = $5
