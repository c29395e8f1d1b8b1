-- Compare-and-set of the buckets of $1 (JSON, all columns; version is the one that was read, 0: there was no row). Returns
-- those written. A row that somebody else has locked counts as changed: nobody waits, so nobody deadlocks.
WITH wanted AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(identity text, bucket text, version bigint, limit_units bigint,
    remaining bigint, refill bigint, reset_at timestamptz, wait_until timestamptz, hold_until timestamptz,
    wait_reason text, strikes int, state jsonb)
), locked AS (
  SELECT b.identity, b.bucket FROM weir.rate_budget b
  JOIN wanted w ON w.identity = b.identity AND w.bucket = b.bucket AND w.version = b.version
  FOR UPDATE OF b SKIP LOCKED
), updated AS (
  UPDATE weir.rate_budget b SET version = b.version + 1, limit_units = w.limit_units, remaining = w.remaining,
    refill = w.refill, reset_at = w.reset_at, wait_until = w.wait_until, hold_until = w.hold_until,
    wait_reason = w.wait_reason, strikes = w.strikes, state = w.state, updated_at = clock_timestamp()
  FROM wanted w JOIN locked l ON l.identity = w.identity AND l.bucket = w.bucket
  WHERE b.identity = w.identity AND b.bucket = w.bucket AND b.version = w.version
  RETURNING b.identity, b.bucket
), inserted AS (
  INSERT INTO weir.rate_budget (identity, bucket, version, limit_units, remaining, refill, reset_at, wait_until,
                                hold_until, wait_reason, strikes, state)
  SELECT identity, bucket, 1, limit_units, remaining, refill, reset_at, wait_until, hold_until, wait_reason, strikes,
         state
  FROM wanted WHERE version = 0 ORDER BY identity, bucket
  ON CONFLICT (identity, bucket) DO NOTHING
  RETURNING identity, bucket
)
SELECT identity, bucket FROM updated UNION ALL SELECT identity, bucket FROM inserted
