-- Epoch $1 heard itself on a direct connection that holds its lock at the server started at $2. No row: this session
-- sees another server, or no such lock, or the epoch is over.
UPDATE weir.node SET lock_proven_at = clock_timestamp(), lock_server_start = $2
WHERE epoch = $1 AND died_at IS NULL AND pg_postmaster_start_time() = $2 AND weir.is_node_lock_held($1)
RETURNING epoch
