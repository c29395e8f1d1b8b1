-- The queue of tenant $1 (null: of all), state $2 (null: any), after entry $3 (null: from the first), at most $4, as
-- documents in the order of their ids, which is the order of their coming.
SELECT to_jsonb(q) || jsonb_build_object('tenant_key', t.key, 'pipeline', c.name) AS document
FROM weir.pipeline_execution_queue q
JOIN weir.tenant t ON t.id = q.tenant_id
LEFT JOIN weir.tenant_pipeline_configs c ON c.id = q.pipeline_id
WHERE ($1::uuid IS NULL OR q.tenant_id = $1) AND ($2::text IS NULL OR q.state = $2)
  AND ($3::uuid IS NULL OR q.pipeline_run_id > $3)
ORDER BY q.pipeline_run_id LIMIT $4::int
