-- At most $4 (null: all) data sources of tenant $1 after the name $3, or the one named $2 (null: any).
SELECT name, provider, is_enabled, is_paused, state, needs_credentials, first_import_at, last_sync_at, created_at,
       updated_at
FROM weir.data_source WHERE tenant_id = $1 AND ($2::text IS NULL OR name = $2) AND name > $3
ORDER BY name LIMIT $4::int
