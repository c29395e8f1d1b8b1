-- The end of a run: its state, and how far its partitions are complete. $1 tenant, $2 data source, $3 script, $4 fence,
-- $5 status, $6 error, $7 wake-up time.
UPDATE weir.data_source_run r
SET status = $5, error = $6, wake_at = $7, completed_at = clock_timestamp(), updated_at = clock_timestamp(),
    last_fetched_data_date = (SELECT min(c.cursor_at) FROM weir.partition_cursor c
                              WHERE c.tenant_id = $1 AND c.data_source = $2 AND c.script = $3 AND c.unreachable IS NULL)
WHERE r.tenant_id = $1 AND r.data_source = $2 AND r.script = $3 AND r.fence = $4
