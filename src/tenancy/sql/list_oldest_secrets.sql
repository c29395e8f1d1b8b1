-- The secrets that were entered longest ago, at most $1.
SELECT tenant_id, data_source, key, updated_at FROM weir.tenant_data_source_config WHERE is_secret
ORDER BY updated_at, tenant_id, data_source, key LIMIT $1
