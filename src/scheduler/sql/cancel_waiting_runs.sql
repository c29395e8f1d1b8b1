-- Runs of pipeline $2 of tenant $1 that wait are cancelled, because it is removed; one that is just being claimed runs to its
-- end.
SELECT c.outcome
FROM (SELECT pipeline_run_id FROM weir.pipeline_execution_queue
      WHERE tenant_id = $1 AND pipeline_id = $2 AND state <> 'leased' ORDER BY pipeline_run_id FOR UPDATE SKIP LOCKED) q,
     LATERAL weir.cancel_pipeline_run(q.pipeline_run_id, 'its pipeline was removed') c
