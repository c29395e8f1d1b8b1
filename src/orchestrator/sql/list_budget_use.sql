-- By bucket: how many identities there are, how many wait, and the least that one has left of its window (null: unknown).
-- $1: at most so many buckets
SELECT bucket, count(*) AS budgets, count(*) FILTER (WHERE greatest(wait_until, hold_until) > clock_timestamp()) AS waiting,
       min(remaining::float8 / limit_units) FILTER (WHERE limit_units > 0 AND reset_at > clock_timestamp()) AS least_left
  FROM weir.rate_budget WHERE updated_at > clock_timestamp() - interval '1 day'
 GROUP BY bucket ORDER BY count(*) DESC, bucket LIMIT $1
