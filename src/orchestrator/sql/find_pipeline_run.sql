-- Pipeline run $1 as a document; at most one row.
SELECT to_jsonb(r) AS document FROM weir.scheduled_pipeline_runs r WHERE id = $1
