-- All scripts of data source $2 of tenant $1 have finished and none FAILED.
UPDATE weir.data_source SET last_sync_at = clock_timestamp() WHERE tenant_id = $1 AND name = $2
