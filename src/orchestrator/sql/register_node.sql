-- A new epoch of node $1 on host $2, process $3, of version $4, with a lease of $5 milliseconds, that takes $7 runs from
-- the queue at once. Whatever the epoch $6 of the same process left behind is no longer alive (null: it had none).
WITH retired AS (
  UPDATE weir.node SET died_at = clock_timestamp() WHERE epoch = $6 AND died_at IS NULL
)
INSERT INTO weir.node (node_id, hostname, pid, version, lease_until, run_slots)
VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5::float8 / 1000), $7)
RETURNING epoch
