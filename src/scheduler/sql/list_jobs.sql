-- The upkeep's jobs as they last ran, and when they are due again (begin_job.sql).
SELECT name, started_at, ended_at, coalesce(busy_until > weir.clock(), false) AS is_running, node, result, error, runs,
       failures,
       CASE WHEN busy_until <= weir.clock() THEN busy_until
            WHEN busy_until IS NULL AND error IS NOT NULL THEN
              least(ended_at + make_interval(secs => period_seconds::float8 / 10), started_at + make_interval(secs => period_seconds::float8))
            ELSE started_at + make_interval(secs => period_seconds::float8) END AS next_at
FROM weir.upkeep_job ORDER BY name
