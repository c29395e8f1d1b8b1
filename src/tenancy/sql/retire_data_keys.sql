-- The data keys of tenant $1 seal nothing more.
UPDATE weir.tenant_data_key SET retired_at = now() WHERE tenant_id = $1 AND retired_at IS NULL
