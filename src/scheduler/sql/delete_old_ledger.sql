-- At most $2 entries of runs that began more than $1 days ago.
WITH gone AS (
  DELETE FROM weir.ledger WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM weir.ledger WHERE run_id < weir.uuid_v7_floor(weir.clock() - make_interval(days => $1)) LIMIT $2))
  RETURNING 1)
SELECT count(*) AS gone FROM gone
