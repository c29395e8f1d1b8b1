-- The nodes not known dead, and the runs they hold.
SELECT n.epoch, n.hostname, n.pid, n.lease_until <= clock_timestamp() AS is_lease_over,
       coalesce(n.lock_server_start = pg_postmaster_start_time(), false)
         AND weir.node_lock_key(n.epoch) NOT IN (SELECT weir.held_advisory_locks()) AS is_lock_free,
       greatest(extract(epoch FROM clock_timestamp() - n.heartbeat_at) * 1000, 0)::bigint AS silent_ms,
       greatest(extract(epoch FROM n.lease_until - n.heartbeat_at) * 1000, 0)::bigint AS lease_ms,
       (SELECT count(*) FROM weir.data_source_run r WHERE r.epoch = n.epoch AND r.status = 'RUNNING') AS runs
FROM weir.node n
WHERE n.died_at IS NULL
ORDER BY n.epoch
