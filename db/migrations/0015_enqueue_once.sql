-- As before, a fifth faster: OFFSET 0 keeps the planner from looking each entry up once for every column that asks whether
-- it was queued. All lanes are locked in one order before they are raised class by class, or two planners that share a
-- batch would wait for each other.
CREATE OR REPLACE FUNCTION weir.enqueue_due(p_ids uuid[], p_versions bigint[], p_seen timestamptz[], p_fires timestamptz[],
                                            p_nexts timestamptz[], p_missed int[], p_is_skipped boolean[])
RETURNS TABLE (enqueued int, overlapping int, skipped int, resting int, changed int)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET jit = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_now timestamptz := weir.clock();
  v_scheduled uuid[];
  v_backfill uuid[];
BEGIN
  WITH due AS MATERIALIZED (
    SELECT d.* FROM unnest(p_ids, p_versions, p_seen, p_fires, p_nexts, p_missed, p_is_skipped)
      AS d (id, version, seen, fire, next, missed, is_skipped)
  ), mine AS MATERIALIZED (
    SELECT c.tenant_id, c.priority, c.class, c.parameters, c.last_fire_at, d.*
    FROM due d JOIN weir.tenant_pipeline_configs c ON c.id = d.id
    WHERE c.version = d.version AND c.next_fire_at = d.seen
    FOR NO KEY UPDATE OF c SKIP LOCKED
  ), moved AS (
    UPDATE weir.tenant_pipeline_configs c
      SET next_fire_at = nullif(m.next, 'infinity'), last_fire_at = greatest(c.last_fire_at, m.fire), plan_error = NULL
      FROM mine m WHERE c.id = m.id
  ), judged AS MATERIALIZED (
    SELECT m.*, weir.uuid_v7() AS run_id,
           CASE WHEN l.closed IS NOT NULL OR m.fire <= m.last_fire_at THEN 'resting' WHEN m.is_skipped THEN 'skipped'
                WHEN q.pipeline_id IS NOT NULL THEN 'overlap' ELSE 'enqueue' END AS outcome
    FROM mine m
    JOIN weir.lane l ON l.tenant_id = m.tenant_id
    LEFT JOIN weir.pipeline_execution_queue q ON q.pipeline_id = m.id AND q.state <> 'parked'
  ), queued AS (
    INSERT INTO weir.pipeline_execution_queue (pipeline_run_id, tenant_id, pipeline_id, class, state, needs_quota, priority,
                                               order_at, due_at, fire_at, queued_at)
      SELECT j.run_id, j.tenant_id, j.id, j.class, 'ready', true, j.priority,
             j.fire - j.priority * weir.priority_step(), j.fire, j.fire, v_now
      FROM judged j WHERE j.outcome = 'enqueue'
      ON CONFLICT DO NOTHING
      RETURNING pipeline_run_id, tenant_id, class
  ), history AS (
    INSERT INTO weir.scheduled_pipeline_runs (id, tenant_id, pipeline_id, trigger, fire_at, status, parameters, started_at,
                                              completed_at, queued_at, missed, reason)
      SELECT j.run_id, j.tenant_id, j.id, CASE j.class WHEN 2 THEN 'backfill' ELSE 'schedule' END, j.fire,
             CASE WHEN j.is_queued THEN 'IDLE' ELSE 'SKIPPED' END, j.parameters, NULL,
             CASE WHEN NOT j.is_queued THEN v_now END, v_now, j.missed,
             CASE WHEN j.is_queued THEN NULL
                  WHEN j.outcome = 'skipped' THEN 'it came due while nobody was there, and missed fires are skipped'
                  ELSE 'the run before it was not over' END
      FROM (SELECT a.*, a.run_id IN (SELECT q.pipeline_run_id FROM queued q) AS is_queued FROM judged a
            OFFSET 0) j
      WHERE j.outcome <> 'resting'
  )
  SELECT (SELECT count(*) FROM queued), (SELECT count(*) FROM judged j WHERE j.outcome IN ('enqueue', 'overlap')),
         (SELECT count(*) FROM judged j WHERE j.outcome = 'skipped'),
         (SELECT count(*) FROM judged j WHERE j.outcome = 'resting'),
         cardinality(p_ids) - (SELECT count(*) FROM judged),
         (SELECT array_agg(DISTINCT q.tenant_id) FROM queued q WHERE q.class = 1),
         (SELECT array_agg(DISTINCT q.tenant_id) FROM queued q WHERE q.class = 2)
    INTO enqueued, overlapping, skipped, resting, changed, v_scheduled, v_backfill;
  overlapping := overlapping - enqueued;
  PERFORM FROM weir.lane l WHERE l.tenant_id = ANY (coalesce(v_scheduled, '{}') || coalesce(v_backfill, '{}'))
    ORDER BY l.tenant_id FOR NO KEY UPDATE;
  PERFORM weir.raise_lanes(v_scheduled, 1::smallint, false);
  PERFORM weir.raise_lanes(v_backfill, 2::smallint, false);
  RETURN NEXT;
END
$$;
