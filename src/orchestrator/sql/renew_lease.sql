-- The heartbeat of epoch $1: its lease runs $2 milliseconds from now. No row: the lease had run out, or somebody
-- declared the node dead; neither can be undone.
UPDATE weir.node
SET heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
WHERE epoch = $1 AND died_at IS NULL AND lease_until > clock_timestamp()
RETURNING epoch
