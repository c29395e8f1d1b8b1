-- A backfill of tenant $1, asked for by $2 with the parameters $3, worked by node $4 in epoch $5. The newest one with the
-- same parameters says how far it came, unless it came to its end. None when the tenant is gone or going.
INSERT INTO weir.scheduled_pipeline_runs (tenant_id, trigger, user_id, parameters, node_id, epoch)
SELECT t.id, 'backfill', $2, $3::jsonb || coalesce((
         SELECT l.parameters - 'yield' FROM (
           SELECT r.parameters, r.status FROM weir.scheduled_pipeline_runs r
           WHERE r.tenant_id = $1 AND r.trigger = 'backfill'
             AND r.parameters - '{done_to,window,yield}'::text[] = $3::jsonb
           ORDER BY r.id DESC LIMIT 1) l
         WHERE l.status NOT IN ('COMPLETED', 'COMPLETED_WITH_GAPS')), '{}'), $4, $5
FROM weir.tenant t WHERE t.id = $1 AND t.state <> 'DELETING' FOR SHARE
RETURNING id, (parameters ->> 'done_to')::timestamptz AS done_to, parameters -> 'window' AS "window"
