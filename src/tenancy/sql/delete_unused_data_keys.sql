-- Retired data keys of tenant $1 that seal nothing.
DELETE FROM weir.tenant_data_key k WHERE k.tenant_id = $1 AND k.retired_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM weir.tenant_data_source_config c WHERE c.tenant_id = $1 AND c.data_key_id = k.id)
