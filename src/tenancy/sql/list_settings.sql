-- The settings of tenant $1's data source $2 (null: of all).
SELECT data_source, key, is_secret, value, updated_at FROM weir.tenant_data_source_config
WHERE tenant_id = $1 AND ($2::text IS NULL OR data_source = $2) ORDER BY data_source, key
