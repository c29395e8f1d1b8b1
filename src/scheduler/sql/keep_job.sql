-- Job $1, ours since $2, is ours for another $3 seconds.
UPDATE weir.upkeep_job SET busy_until = weir.clock() + make_interval(secs => $3::float8)
WHERE name = $1 AND started_at = $2 AND busy_until IS NOT NULL
