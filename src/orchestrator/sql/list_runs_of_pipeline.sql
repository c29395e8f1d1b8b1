-- The script runs of pipeline run $2 of tenant $1, oldest first, as documents.
SELECT to_jsonb(r) AS document FROM weir.run r WHERE tenant_id = $1 AND pipeline_run_id = $2 ORDER BY id
