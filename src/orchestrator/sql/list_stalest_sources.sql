-- The sources that collect and whose data is oldest. $1: how many
SELECT tenant_id, name, provider, extract(epoch FROM clock_timestamp() - coalesce(last_sync_at, created_at))::float8 AS age
  FROM weir.data_source WHERE is_enabled AND NOT is_paused AND state = 'ACTIVE'
 ORDER BY coalesce(last_sync_at, created_at), tenant_id, name LIMIT $1
