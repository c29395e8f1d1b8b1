-- Tenant $1's data source $2 was changed: it is tried again.
UPDATE weir.data_source SET needs_credentials = NULL, updated_at = now() WHERE tenant_id = $1 AND name = $2
