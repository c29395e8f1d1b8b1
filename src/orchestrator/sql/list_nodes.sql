-- The nodes not known dead, but for epoch $1, and what speaks for their death.
SELECT n.epoch, n.lease_until <= clock_timestamp() AS is_lease_over,
       coalesce(n.lock_server_start = pg_postmaster_start_time(), false)
         AND weir.node_lock_key(n.epoch) NOT IN (SELECT weir.held_advisory_locks()) AS is_lock_free,
       coalesce(n.lock_proven_at, n.started_at) AS proven_at, pg_postmaster_start_time() AS server_start,
       EXISTS (SELECT FROM weir.data_source_run r WHERE r.epoch = n.epoch AND r.status = 'RUNNING') AS has_runs
FROM weir.node n
WHERE n.died_at IS NULL AND n.epoch <> $1
ORDER BY n.epoch
