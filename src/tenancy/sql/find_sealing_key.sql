-- The data key that seals the secrets of tenant $1.
SELECT id, master_key_id, wrapped FROM weir.tenant_data_key
WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY id DESC LIMIT 1
