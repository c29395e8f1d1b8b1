-- The end of a run in its history, if it has a row there. $1 tenant, $2 run, $3 status, $4 error, $5 reason.
UPDATE weir.run
SET status = $3, error = $4, reason = $5, completed_at = clock_timestamp(),
    duration_ms = (extract(epoch FROM clock_timestamp() - started_at) * 1000)::bigint
WHERE tenant_id = $1 AND id = $2
