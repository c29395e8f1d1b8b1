-- The buckets of $1 (JSON: identity, bucket) as they are, the database's time, and the epochs of the living nodes.
SELECT clock_timestamp() AS now, k.identity, k.bucket, coalesce(b.version, 0) AS version, b.limit_units, b.remaining,
       b.refill, b.reset_at, b.wait_until, b.hold_until, coalesce(b.wait_reason, '') AS wait_reason, coalesce(b.strikes, 0) AS strikes,
       b.state, (SELECT coalesce(jsonb_agg(n.epoch), '[]') FROM weir.node n
                 WHERE n.died_at IS NULL AND n.lease_until > clock_timestamp()) AS alive
FROM jsonb_to_recordset($1::jsonb) AS k(identity text, bucket text)
LEFT JOIN weir.rate_budget b ON b.identity = k.identity AND b.bucket = k.bucket
