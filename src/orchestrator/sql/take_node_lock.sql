-- The session's advisory lock of epoch $1 on the direct connection, and which server gave it.
SELECT pg_try_advisory_lock(weir.node_lock_key($1)) AS is_ours, pg_postmaster_start_time() AS server_start
