-- The queue of tenant $1 (null: of all), state $2 (null: any), after entry $3 (null: from the first), at most $4, as
-- documents in the order of their ids, which is the order of their coming.
SELECT jsonb_build_object(
         'pipeline_run_id', q.pipeline_run_id, 'tenant_id', q.tenant_id, 'tenant_key', t.key, 'pipeline_id', q.pipeline_id,
         'pipeline', c.name, 'class', q.class, 'state', q.state, 'needs_quota', q.needs_quota, 'quota_day', q.quota_day,
         'was_parked', q.was_parked, 'priority', q.priority, 'due_at', q.due_at, 'fire_at', q.fire_at,
         'queued_at', q.queued_at, 'leased_at', q.leased_at, 'attempt', q.attempt,
         'interruptions', q.interruptions) AS document
FROM weir.pipeline_execution_queue q
JOIN weir.tenant t ON t.id = q.tenant_id
LEFT JOIN weir.tenant_pipeline_configs c ON c.id = q.pipeline_id
WHERE ($1::uuid IS NULL OR q.tenant_id = $1) AND ($2::text IS NULL OR q.state = $2)
  AND ($3::uuid IS NULL OR q.pipeline_run_id > $3)
ORDER BY q.pipeline_run_id LIMIT $4::int
