-- The secret setting $3 of tenant $1's data source $2: ciphertext $4, sealed with data key $5.
INSERT INTO weir.tenant_data_source_config (tenant_id, data_source, key, ciphertext, data_key_id, is_secret)
VALUES ($1, $2, $3, $4, $5, true)
ON CONFLICT (tenant_id, data_source, key) DO UPDATE
  SET value = NULL, ciphertext = excluded.ciphertext, data_key_id = excluded.data_key_id, is_secret = true,
      updated_at = now()
