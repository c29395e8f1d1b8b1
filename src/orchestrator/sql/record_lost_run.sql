-- The history of run $4 of script $3 of data source $2 of tenant $1, asked for by $5 in pipeline run $6, which lost its
-- right in epoch $7: how it ended, and why. A row of history is made when it has none yet. It ran from its claim (the
-- time in its id) until its epoch was over, whenever it noticed.
WITH ended AS (
  SELECT CASE WHEN s.run_id = $4 AND s.status = 'CANCELLED' THEN 'CANCELLED' ELSE 'INTERRUPTED' END AS status,
         CASE WHEN s.run_id = $4 AND s.status = 'CANCELLED' THEN s.error
              ELSE 'it lost its lease; the next run goes on from the last checkpoint' END AS reason,
         s.tenant_id, s.data_source, s.script,
         to_timestamp(('x' || substr(replace($4::uuid::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AS started_at,
         (SELECT least(clock_timestamp(), n.died_at, n.lease_until) FROM weir.node n WHERE n.epoch = $7) AS over_at
  FROM weir.data_source_run s WHERE s.tenant_id = $1 AND s.data_source = $2 AND s.script = $3
  FOR KEY SHARE
)
INSERT INTO weir.run AS r (tenant_id, id, data_source, script, user_id, pipeline_run_id, status, reason, started_at,
                           completed_at)
  SELECT e.tenant_id, $4, e.data_source, e.script, $5, $6, e.status, e.reason, e.started_at,
         greatest(e.started_at, coalesce(e.over_at, clock_timestamp()))
  FROM ended e
  ON CONFLICT (tenant_id, id) DO UPDATE
    SET status = CASE WHEN r.status = 'RUNNING' THEN excluded.status ELSE r.status END,
        reason = CASE WHEN r.status = 'RUNNING' THEN excluded.reason ELSE r.reason END,
        completed_at = coalesce(r.completed_at, excluded.completed_at)
  RETURNING r.status, r.reason
