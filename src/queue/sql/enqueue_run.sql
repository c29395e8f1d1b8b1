-- A run of tenant $1, pipeline $2 (null: of its own), class $3, priority $4, asked for by $5, with parameters $6; with
-- its line in the audit log, where the class is called $7.
WITH asked AS MATERIALIZED (
  SELECT outcome, run_id, quota_limit, quota_used, quota_resets_at
  FROM weir.enqueue_run($1::uuid, $2::uuid, $3::smallint, $4::smallint, $5::text, $6::jsonb)
), recorded AS (
  INSERT INTO weir.audit_log (tenant_id, tenant_key, actor, action, target, after)
    SELECT t.id, t.key, $5::text, 'run.start', a.run_id::text,
           jsonb_build_object('pipeline', c.name, 'class', $7::text, 'priority', $4::smallint, 'parameters', $6::jsonb)
    FROM asked a JOIN weir.tenant t ON t.id = $1::uuid
    LEFT JOIN weir.tenant_pipeline_configs c ON c.id = $2::uuid
    WHERE a.outcome = 'enqueued'
)
SELECT outcome, run_id, quota_limit, quota_used, quota_resets_at FROM asked
