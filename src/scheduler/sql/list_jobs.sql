-- The upkeep's jobs as they last ran.
SELECT name, started_at, ended_at, coalesce(busy_until > weir.clock(), false) AS is_running, node, result, error, runs,
       failures, started_at + make_interval(secs => period_seconds::float8) AS next_at
FROM weir.upkeep_job ORDER BY name
