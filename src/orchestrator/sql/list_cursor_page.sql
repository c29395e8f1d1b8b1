-- At most $8 cursors of tenant $1, data source $2, script $3, partition $4 (null: any) after that of data source $5,
-- script $6, partition $7, as documents without what only the engine reads.
SELECT to_jsonb(c) - ARRAY['tenant_id', 'state', 'resume'] AS document FROM weir.partition_cursor c
WHERE tenant_id = $1 AND ($2::text IS NULL OR data_source = $2) AND ($3::text IS NULL OR script = $3)
  AND ($4::text IS NULL OR partition = $4) AND (data_source, script, partition) > ($5, $6, $7)
ORDER BY data_source, script, partition LIMIT $8::int
