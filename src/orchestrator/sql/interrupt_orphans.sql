-- Frees what dead epochs left RUNNING, but for rows that somebody has locked (the next round finds them). Only an epoch
-- that is positively known dead counts: a row that was claimed anew meanwhile shows a newer one. Pipeline runs of the queue
-- go back there (weir.reap_queue).
WITH orphan AS (
  SELECT r.tenant_id, r.data_source, r.script, r.run_id FROM weir.data_source_run r
  WHERE r.status = 'RUNNING' AND r.epoch IN (SELECT n.epoch FROM weir.node n WHERE n.died_at IS NOT NULL)
  FOR UPDATE OF r SKIP LOCKED
), freed AS (
  UPDATE weir.data_source_run r
  SET status = 'INTERRUPTED', fence = nextval('weir.fence_seq'), completed_at = clock_timestamp(),
      updated_at = clock_timestamp(), error = 'its node was gone; the next run goes on from the last checkpoint'
  FROM orphan o
  WHERE r.tenant_id = o.tenant_id AND r.data_source = o.data_source AND r.script = o.script
  RETURNING o.tenant_id, o.run_id
), ended AS (
  UPDATE weir.run r
  SET status = 'INTERRUPTED', completed_at = clock_timestamp(),
      reason = 'its node was gone; the next run goes on from the last checkpoint'
  FROM freed f
  WHERE r.tenant_id = f.tenant_id AND r.id = f.run_id AND r.status = 'RUNNING'
), pipelines AS (
  UPDATE weir.scheduled_pipeline_runs p
  SET status = 'INTERRUPTED', completed_at = clock_timestamp(), error = 'its node was gone'
  WHERE p.status = 'RUNNING' AND p.epoch IN (SELECT n.epoch FROM weir.node n WHERE n.died_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = p.id)
)
SELECT count(*) AS freed FROM freed
