-- Data source $2 of tenant $1 stops until its credentials are changed, because of $3.
UPDATE weir.data_source SET needs_credentials = $3, updated_at = clock_timestamp() WHERE tenant_id = $1 AND name = $2
