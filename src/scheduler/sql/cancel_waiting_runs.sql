-- Runs of pipeline $2 of tenant $1 that wait are cancelled, because it is removed.
SELECT c.outcome
FROM (SELECT pipeline_run_id FROM weir.pipeline_execution_queue
      WHERE tenant_id = $1 AND pipeline_id = $2 AND state <> 'leased' ORDER BY pipeline_run_id) q,
     LATERAL weir.cancel_pipeline_run(q.pipeline_run_id, 'its pipeline was removed') c
