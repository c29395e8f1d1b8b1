-- The settings of the data sources that list_data_sources names, by the same parameters.
SELECT data_source, key, is_secret, value, updated_at FROM weir.tenant_data_source_config
WHERE tenant_id = $1 AND data_source IN (
  SELECT name FROM weir.data_source WHERE tenant_id = $1 AND ($2::text IS NULL OR name = $2) AND name > $3
  ORDER BY name LIMIT $4::int)
ORDER BY data_source, key
