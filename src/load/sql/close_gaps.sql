-- Closes the open gaps of a kind. $1 tenant, $2 data source, $3 script, $4 partition, $5 kind.
UPDATE weir.gap SET closed_at = clock_timestamp()
WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4 AND kind = $5 AND closed_at IS NULL
