-- The plain setting $3 of tenant $1's data source $2: $4.
INSERT INTO weir.tenant_data_source_config (tenant_id, data_source, key, value, is_secret) VALUES ($1, $2, $3, $4, false)
ON CONFLICT (tenant_id, data_source, key) DO UPDATE
  SET value = excluded.value, ciphertext = NULL, data_key_id = NULL, is_secret = false, updated_at = now()
