-- The facts that decide when pipeline run $1 starts; no row when there is no such run. Counts stop at 1,000.
SELECT h.tenant_id, h.status, h.reason, h.error, h.completed_at, h.cancel_requested_at IS NOT NULL AS is_cancel_asked,
       q.state, q.class, q.attempt, q.interruptions, q.due_at, q.leased_at,
       weir.is_epoch_alive(coalesce(q.epoch, h.epoch)) AS is_node_alive,
       (SELECT format('%s (process %s, epoch %s)', n.hostname, n.pid, n.epoch) FROM weir.node n
        WHERE n.epoch = coalesce(q.epoch, h.epoch)) AS node,
       q.needs_quota, l.closed, l.cap, l.running, l.runs_per_day,
       CASE WHEN l.quota_day < weir.local_day(weir.clock(), l.time_zone) THEN 0 ELSE l.quota_used END AS quota_used,
       weir.next_local_day(weir.clock(), l.time_zone) AS quota_resets_at,
       weir.clock() AS now,
       w.nodes AS worker_nodes, w.slots AS run_slots, w.taken AS run_slots_taken,
       CASE WHEN q.state = 'ready' THEN (
         SELECT count(*) FROM (
           SELECT FROM weir.pipeline_execution_queue a
           WHERE a.tenant_id = q.tenant_id AND a.state = 'ready'
             AND (a.class, a.order_at, a.pipeline_run_id) < (q.class, q.order_at, q.pipeline_run_id) LIMIT 1000) s) END
         AS ahead_in_lane,
       CASE WHEN q.state = 'ready' THEN (
         SELECT count(*) FROM (
           SELECT FROM weir.lane o
           WHERE o.ready_class IS NOT NULL AND o.closed IS NULL AND o.running < o.cap
             AND (o.ready_class, o.pass) < (q.class, l.pass) LIMIT 1000) s) END AS lanes_ahead,
       (SELECT extract(epoch FROM avg(r.completed_at - r.started_at))::float8 FROM (
          SELECT p.completed_at, p.started_at FROM weir.scheduled_pipeline_runs p
          WHERE p.tenant_id = h.tenant_id AND p.started_at IS NOT NULL AND p.completed_at IS NOT NULL
          ORDER BY p.id DESC LIMIT 20) r) AS mean_seconds,
       (SELECT extract(epoch FROM avg(b.leased_at - b.due_at))::float8 FROM (
          SELECT e.leased_at, e.due_at FROM weir.pipeline_execution_queue e
          WHERE e.state = 'leased' AND e.class = q.class ORDER BY e.leased_at DESC LIMIT 100) b) AS recent_wait_seconds
FROM weir.scheduled_pipeline_runs h
LEFT JOIN weir.pipeline_execution_queue q ON q.pipeline_run_id = h.id
LEFT JOIN weir.lane l ON l.tenant_id = h.tenant_id
CROSS JOIN (
  SELECT count(*) AS nodes, coalesce(sum(n.run_slots), 0) AS slots,
         coalesce(sum((SELECT count(*) FROM weir.pipeline_execution_queue b
                       WHERE b.state = 'leased' AND b.epoch = n.epoch)), 0)::bigint AS taken
  FROM weir.node n WHERE n.died_at IS NULL AND n.lease_until > clock_timestamp() AND n.run_slots > 0) w
WHERE h.id = $1
