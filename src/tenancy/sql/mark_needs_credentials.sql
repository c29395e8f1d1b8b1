-- Stops tenant $1's data source $2 for reason $3.
UPDATE weir.data_source SET needs_credentials = $3, updated_at = now()
WHERE tenant_id = $1 AND name = $2 AND needs_credentials IS DISTINCT FROM $3
