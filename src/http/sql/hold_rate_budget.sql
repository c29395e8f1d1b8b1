-- Nothing is given from bucket $2 of identity $1 for $3 seconds; reservations under way lose their race.
INSERT INTO weir.rate_budget AS b (identity, bucket, version, hold_until, state)
VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3), '{"holders": [], "shares": []}')
ON CONFLICT (identity, bucket) DO UPDATE
  SET version = b.version + 1, hold_until = excluded.hold_until, updated_at = clock_timestamp()
