-- The secrets of tenant $1's data source $2 (null: of all) with the data keys that sealed them, by one snapshot.
SELECT c.data_source, c.key, c.ciphertext, c.data_key_id, k.master_key_id, k.wrapped
FROM weir.tenant_data_source_config c
LEFT JOIN weir.tenant_data_key k ON k.tenant_id = c.tenant_id AND k.id = c.data_key_id
WHERE c.tenant_id = $1 AND ($2::text IS NULL OR c.data_source = $2) AND c.is_secret ORDER BY c.data_source, c.key
