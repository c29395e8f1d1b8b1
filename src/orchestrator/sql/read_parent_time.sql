-- Up to when scripts $3 of data source $2 of tenant $1 have read the provider: the oldest cursor of those they can reach.
-- Null when one of them has none.
SELECT CASE WHEN bool_and(cursor_at IS NOT NULL) THEN min(cursor_at) END AS read_at
FROM weir.partition_cursor
WHERE tenant_id = $1 AND data_source = $2 AND script = ANY($3::text[]) AND unreachable IS NULL
