-- The cursors of tenant $1, data source $2, script $3, partition $4 (null: any), as documents.
SELECT to_jsonb(c) - 'tenant_id' AS document FROM weir.partition_cursor c
WHERE tenant_id = $1 AND ($2::text IS NULL OR data_source = $2) AND ($3::text IS NULL OR script = $3)
  AND ($4::text IS NULL OR partition = $4)
ORDER BY data_source, script, partition
