-- The run $1 of a script, of history or held now, with the state of its script: whether it is the last run of it, who
-- holds the script, and how that goes on. At most one row.
WITH subject AS (
  SELECT tenant_id, data_source, script, pipeline_run_id, status, reason, error, true AS is_history
  FROM weir.run WHERE id = $1
  UNION ALL
  SELECT tenant_id, data_source, script, pipeline_run_id, status, NULL, error, false
  FROM weir.data_source_run WHERE run_id = $1
)
SELECT r.tenant_id, r.data_source, r.script, r.pipeline_run_id, r.reason, r.error, s.started_at, s.wake_at,
       coalesce(s.run_id = $1, false) AS is_last, CASE WHEN s.run_id = $1 THEN s.status ELSE r.status END AS status,
       s.run_id AS holder, coalesce(s.status = 'RUNNING' AND weir.is_epoch_alive(s.epoch), false) AS is_held,
       (SELECT format('%s (process %s, epoch %s)', n.hostname, n.pid, n.epoch) FROM weir.node n
        WHERE n.epoch = s.epoch) AS node
FROM subject r
LEFT JOIN weir.data_source_run s
  ON s.tenant_id = r.tenant_id AND s.data_source = r.data_source AND s.script = r.script
ORDER BY r.is_history DESC LIMIT 1
