-- The secret $3 of tenant $1's data source $2 under another key: ciphertext $4, data key $5. It is as old as before.
UPDATE weir.tenant_data_source_config SET ciphertext = $4, data_key_id = $5
WHERE tenant_id = $1 AND data_source = $2 AND key = $3 AND is_secret
