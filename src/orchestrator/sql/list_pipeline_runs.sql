-- The newest $5 pipeline runs of tenant $1, pipeline (name) $2, trigger $3, status $4 (null: any) that are older than the
-- run $6 (null: than now), as documents.
SELECT to_jsonb(r) AS document FROM (
  SELECT p.*, c.name AS pipeline FROM weir.scheduled_pipeline_runs p
  LEFT JOIN weir.tenant_pipeline_configs c ON c.id = p.pipeline_id
  WHERE ($1::uuid IS NULL OR p.tenant_id = $1) AND ($2::text IS NULL OR c.name = $2)
    AND ($3::text IS NULL OR p.trigger = $3) AND ($4::text IS NULL OR p.status = $4)
    AND ($6::uuid IS NULL OR p.id < $6)
  ORDER BY p.id DESC LIMIT $5::int) r
