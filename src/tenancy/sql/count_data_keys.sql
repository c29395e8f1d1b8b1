-- Data keys by master key.
SELECT master_key_id, count(*) AS n, min(created_at) AS oldest FROM weir.tenant_data_key GROUP BY master_key_id
