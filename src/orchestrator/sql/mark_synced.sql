-- All scripts of the data sources $2 (text[]) of tenant $1 have finished, and none failed.
UPDATE weir.data_source SET last_sync_at = clock_timestamp() WHERE tenant_id = $1 AND name = ANY ($2)
