-- Epoch $1 is dead, unless it has changed since it was judged: its lease is over, or its lock, proven at $2 to the server
-- started at $3, is free.
UPDATE weir.node SET died_at = clock_timestamp()
WHERE epoch = $1 AND died_at IS NULL
  AND (lease_until <= clock_timestamp()
       OR (lock_proven_at = $2 AND lock_server_start = $3 AND pg_postmaster_start_time() = $3
           AND NOT weir.is_node_lock_held($1)))
RETURNING epoch
