-- What is left of earlier parts of pipeline run $1, and what its pipeline takes.
SELECT h.summary, coalesce(c.data_sources, '{}') AS data_sources, coalesce(c.scripts, '{}') AS scripts,
       h.pipeline_id IS NOT NULL AND c.id IS NULL AS is_pipeline_gone
FROM weir.scheduled_pipeline_runs h LEFT JOIN weir.tenant_pipeline_configs c ON c.id = h.pipeline_id
WHERE h.id = $1
