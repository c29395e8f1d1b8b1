-- Pipeline run $1 as a document, with the name of its pipeline; at most one row.
SELECT to_jsonb(r) || jsonb_build_object('pipeline', c.name) AS document FROM weir.scheduled_pipeline_runs r
LEFT JOIN weir.tenant_pipeline_configs c ON c.id = r.pipeline_id
WHERE r.id = $1
