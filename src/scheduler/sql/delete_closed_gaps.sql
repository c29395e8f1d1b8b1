-- At most $2 gaps that were closed more than $1 days ago.
WITH gone AS (
  DELETE FROM weir.gap WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM weir.gap WHERE closed_at < weir.clock() - make_interval(days => $1) LIMIT $2))
  RETURNING 1)
SELECT count(*) AS gone FROM gone
