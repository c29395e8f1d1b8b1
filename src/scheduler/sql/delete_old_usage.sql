-- At most $2 hours of usage from more than $1 days ago.
WITH gone AS (
  DELETE FROM weir.usage_hourly WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM weir.usage_hourly WHERE hour < weir.clock() - make_interval(days => $1) LIMIT $2))
  RETURNING 1)
SELECT count(*) AS gone FROM gone
