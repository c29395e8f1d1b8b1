-- A listing begins or is resumed; what an earlier one of the partition left is forgotten. $1 tenant, $2 data source,
-- $3 script, $4 partition, $5 generation.
WITH forgotten_keys AS (
  DELETE FROM weir.generation_seen
  WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation <> $5
), forgotten AS (
  DELETE FROM weir.generation
  WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation <> $5
)
INSERT INTO weir.generation (tenant_id, data_source, script, partition, generation) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING
