-- At most $2 answers that were kept for $1 hours.
WITH gone AS (
  DELETE FROM weir.idempotency_key WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM weir.idempotency_key WHERE created_at < weir.clock() - make_interval(hours => $1) LIMIT $2))
  RETURNING 1)
SELECT count(*) AS gone FROM gone
