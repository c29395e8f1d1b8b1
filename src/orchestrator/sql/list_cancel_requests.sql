-- Which of the pipeline runs $1 (uuid[], as text[]) somebody wants ended.
SELECT id FROM weir.scheduled_pipeline_runs WHERE id = ANY ($1::text[]::uuid[]) AND cancel_requested_at IS NOT NULL
