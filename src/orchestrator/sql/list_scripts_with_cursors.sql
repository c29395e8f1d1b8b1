-- The scripts of data source $2 of tenant $1 that have cursors; script $3 (null: any).
SELECT DISTINCT script FROM weir.partition_cursor
WHERE tenant_id = $1 AND data_source = $2 AND ($3::text IS NULL OR script = $3) ORDER BY script
