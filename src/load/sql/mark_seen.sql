-- Keys that a listing has seen, counted as often as they are new. $1 tenant, $2 data source, $3 script, $4 partition,
-- $5 generation, $6 resource, $7 keys, each as the text of a text[].
WITH seen AS (
  INSERT INTO weir.generation_seen (tenant_id, data_source, script, partition, generation, resource, key)
    SELECT $1, $2, $3, $4, $5, $6, key::text[]::text FROM unnest($7::text[]) AS key
    ON CONFLICT DO NOTHING
    RETURNING 1
)
UPDATE weir.generation SET seen = seen + (SELECT count(*) FROM seen)
WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND generation = $5
