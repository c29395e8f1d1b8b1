-- Job $1, which is due every $2 seconds, is ours for $3 seconds: started_at is the right to end it. Due again after a
-- tenth of its period when it failed, and at once when whoever was at it went. No row: it is not due ($4: whether it is
-- done all the same), or another node is at it. Who: $5.
INSERT INTO weir.upkeep_job AS j (name, period_seconds, started_at, busy_until, node)
SELECT $1, $2::bigint, weir.clock(), weir.clock() + make_interval(secs => $3::float8), $5
WHERE pg_try_advisory_xact_lock(hashtextextended('weir.upkeep ' || $1::text, 0))
ON CONFLICT (name) DO UPDATE
  SET period_seconds = excluded.period_seconds, started_at = excluded.started_at, busy_until = excluded.busy_until,
      node = excluded.node
  WHERE (j.busy_until IS NULL OR j.busy_until <= weir.clock())
    AND ($4::boolean OR j.busy_until IS NOT NULL OR j.started_at + make_interval(secs => $2::float8) <= weir.clock()
         OR (j.error IS NOT NULL AND j.ended_at + make_interval(secs => $2::float8 / 10) <= weir.clock()))
RETURNING started_at
