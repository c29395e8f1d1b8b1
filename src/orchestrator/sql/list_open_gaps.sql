-- The open gaps of script $3 of data source $2 of tenant $1, as documents.
SELECT to_jsonb(g) - 'tenant_id' AS document FROM weir.gap g
WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND closed_at IS NULL ORDER BY opened_at LIMIT 1000
