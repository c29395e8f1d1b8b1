-- Of the queue, mended: what a run that parks leaves, and how long lanes are held.

-- The end of a run that the caller holds by its token. p_status:
--   COMPLETED, COMPLETED_WITH_GAPS, CANCELLED   it is over
--   FAILED       tried again in p_retry_in, one priority step lower, at most p_retries_max times (null: never); then, with
--                a p_wake_at, what was parked beside it goes on at that time
--   PARKED       goes on at p_wake_at; no attempt, and nothing more to pay. Fires pass a parked run, so a fire that parks
--                while an earlier one of its pipeline is parked is over: that one goes on for both
--   INTERRUPTED  its node failed it: ready again at once, at most p_interruptions_max times; its day is paid back
--   RELEASED     its node goes in order, or its tenant was paused: the same, without counting
-- Outcomes: finished, failed, retry, parked, requeued, given_up, cancelled; lost (somebody else holds it, or nobody)
CREATE OR REPLACE FUNCTION weir.finish_pipeline_run(p_run uuid, p_token bigint, p_status text, p_summary jsonb, p_error text,
                                                    p_retry_in interval, p_wake_at timestamptz, p_retries_max int,
                                                    p_interruptions_max int)
RETURNS TABLE (outcome text, due_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := weir.clock();
  e weir.pipeline_execution_queue;
  v_is_cancelled boolean;
  v_is_manual boolean;
  v_status text := p_status;
  v_is_parked boolean := p_status = 'PARKED' OR (p_status = 'FAILED' AND p_wake_at IS NOT NULL);
BEGIN
  SELECT * INTO e FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = p_run AND q.token = p_token FOR UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'lost', NULL::timestamptz;
    RETURN;
  END IF;
  v_is_manual := e.class = 0;
  SELECT h.cancel_requested_at IS NOT NULL INTO v_is_cancelled FROM weir.scheduled_pipeline_runs h WHERE h.id = p_run;
  -- Whoever closed the lane took the right to run away: no node's fault.
  IF v_status = 'INTERRUPTED' AND EXISTS (
      SELECT FROM weir.lane l WHERE l.tenant_id = e.tenant_id AND l.closed IS NOT NULL) THEN
    v_status := 'RELEASED';
  END IF;
  IF v_status IN ('FAILED', 'PARKED', 'INTERRUPTED', 'RELEASED') AND v_is_cancelled THEN
    outcome := 'cancelled';
    PERFORM weir.settle_entry(e, NULL, NULL, false, 'CANCELLED', p_summary, p_error);
  ELSIF v_status = 'FAILED' AND e.attempt < p_retries_max AND p_retry_in IS NOT NULL THEN
    e.attempt := e.attempt + 1;
    e.priority := e.priority - 1;
    outcome := 'retry';
    due_at := v_now + p_retry_in;
    PERFORM weir.settle_entry(e, 'scheduled', due_at, false, 'IDLE', p_summary, p_error);
  ELSIF v_is_parked AND e.fire_at IS NOT NULL AND EXISTS (
      SELECT FROM weir.pipeline_execution_queue o
      WHERE o.tenant_id = e.tenant_id AND o.pipeline_id = e.pipeline_id AND o.state = 'parked'
        AND o.fire_at IS NOT NULL AND o.pipeline_run_id <> e.pipeline_run_id) THEN
    outcome := 'finished';
    PERFORM weir.settle_entry(e, NULL, NULL, false, 'COMPLETED_WITH_GAPS', p_summary,
                              'what is parked goes on with an earlier run of the pipeline');
  ELSIF v_is_parked THEN
    outcome := 'parked';
    due_at := least(greatest(p_wake_at, v_now), v_now + interval '24 hours');
    PERFORM weir.settle_entry(e, 'parked', due_at, false, 'PARKED', p_summary, p_error);
  ELSIF v_status = 'INTERRUPTED' AND e.interruptions >= p_interruptions_max THEN
    outcome := 'given_up';
    PERFORM weir.settle_entry(e, NULL, NULL, true, 'INTERRUPTED', p_summary, p_error);
  ELSIF v_status IN ('INTERRUPTED', 'RELEASED') THEN
    e.interruptions := e.interruptions + (v_status = 'INTERRUPTED')::int;
    outcome := 'requeued';
    due_at := e.due_at;
    -- What somebody asked for stays paid: it must not be refused half-way.
    PERFORM weir.settle_entry(e, 'ready', e.due_at, NOT v_is_manual, 'IDLE', p_summary, p_error);
  ELSIF v_status IN ('COMPLETED', 'COMPLETED_WITH_GAPS', 'FAILED', 'CANCELLED') THEN
    outcome := CASE v_status WHEN 'FAILED' THEN 'failed' WHEN 'CANCELLED' THEN 'cancelled' ELSE 'finished' END;
    PERFORM weir.settle_entry(e, NULL, NULL, false, v_status, p_summary, p_error);
  ELSE
    RAISE EXCEPTION 'no such end of a pipeline run: %', v_status USING ERRCODE = '22023';
  END IF;
  RETURN NEXT;
END
$$;

-- The floor is looked up once: next to many lanes of one pass, each look steps over those that this statement has moved.
CREATE OR REPLACE FUNCTION weir.refresh_lanes(p_tenants uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE v_floor bigint;
BEGIN
  PERFORM FROM weir.lane WHERE tenant_id = ANY (p_tenants) ORDER BY tenant_id FOR NO KEY UPDATE;
  v_floor := weir.lane_floor();
  INSERT INTO weir.lane AS l (tenant_id, closed, weight, cap, runs_per_day, time_zone, quota_day)
    SELECT t.id,
           CASE WHEN t.state = 'DELETING' THEN 'deleting' WHEN t.state = 'PAUSED' THEN 'paused'
                WHEN s.status <> 'ACTIVE' THEN 'subscription_inactive' END,
           coalesce(p.weight, 100), coalesce(p.concurrent_runs, 2), p.runs_per_day, t.time_zone,
           weir.local_day(weir.clock(), t.time_zone)
    FROM weir.tenant t
    LEFT JOIN weir.subscription s ON s.tenant_id = t.id
    LEFT JOIN weir.plan p ON p.name = s.plan
    WHERE t.id = ANY (p_tenants)
      AND (t.state <> 'DELETING' OR EXISTS (SELECT FROM weir.lane o WHERE o.tenant_id = t.id)) -- none comes back
    ORDER BY t.id
    ON CONFLICT (tenant_id) DO UPDATE
      SET closed = excluded.closed, weight = excluded.weight, cap = excluded.cap,
          runs_per_day = excluded.runs_per_day, time_zone = excluded.time_zone,
          ready_class = CASE WHEN l.wake_at IS NULL THEN l.ready_class ELSE coalesce(l.ready_class, 1::smallint) END,
          pass = greatest(l.pass, v_floor);
END
$$;

-- How long a plan keeps data concerns no lane.
DROP TRIGGER lane_follows ON weir.plan;
CREATE TRIGGER lane_follows AFTER UPDATE OF concurrent_runs, runs_per_day, weight ON weir.plan
  FOR EACH ROW EXECUTE FUNCTION weir.on_plan_change();

-- As before; the floor once, here too.
CREATE OR REPLACE FUNCTION weir.promote_due(p_limit int) RETURNS int LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_now timestamptz := weir.clock();
  v_due uuid[];
  v_busy uuid[];
  v_class smallint;
  v_tenants uuid[];
  v_lanes uuid[];
  v_woken int := 0;
  v_floor bigint;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT q.pipeline_run_id, q.pipeline_id, q.state FROM weir.pipeline_execution_queue q
    WHERE q.state IN ('scheduled', 'parked') AND q.due_at <= v_now ORDER BY q.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
  SELECT array_agg(due.pipeline_run_id) INTO v_due FROM due;
  IF v_due IS NOT NULL THEN
    -- A pipeline's configuration is what its enqueuers lock first: held here, nobody makes an active entry meanwhile.
    WITH parked AS MATERIALIZED (
      SELECT q.pipeline_run_id, q.pipeline_id,
             row_number() OVER (PARTITION BY q.pipeline_id ORDER BY q.due_at) AS nth
      FROM weir.pipeline_execution_queue q
      WHERE q.pipeline_run_id = ANY (v_due) AND q.state = 'parked' AND q.pipeline_id IS NOT NULL
    ), held AS MATERIALIZED (
      SELECT c.id FROM weir.tenant_pipeline_configs c WHERE c.id IN (SELECT p.pipeline_id FROM parked p)
      ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED)
    SELECT array_agg(p.pipeline_run_id) INTO v_busy FROM parked p
      WHERE p.nth > 1
         OR (NOT EXISTS (SELECT FROM held h WHERE h.id = p.pipeline_id)
             AND EXISTS (SELECT FROM weir.tenant_pipeline_configs c WHERE c.id = p.pipeline_id));
    SELECT coalesce(v_busy, '{}') || coalesce(array_agg(q.pipeline_run_id), '{}') INTO v_busy
      FROM weir.pipeline_execution_queue q
      WHERE q.pipeline_run_id = ANY (v_due) AND q.state = 'parked'
        AND EXISTS (SELECT FROM weir.pipeline_execution_queue a WHERE a.pipeline_id = q.pipeline_id AND a.state <> 'parked');
    UPDATE weir.pipeline_execution_queue q SET due_at = v_now + interval '1 minute' WHERE q.pipeline_run_id = ANY (v_busy);
    UPDATE weir.pipeline_execution_queue q SET state = 'ready'
      WHERE q.pipeline_run_id = ANY (v_due) AND q.pipeline_run_id <> ALL (v_busy);
    GET DIAGNOSTICS v_woken = ROW_COUNT;
    UPDATE weir.scheduled_pipeline_runs h SET status = 'IDLE'
      FROM unnest(v_due) AS d (id) WHERE h.id = d.id AND h.status = 'PARKED' AND d.id <> ALL (v_busy);
  END IF;
  WITH waiting AS MATERIALIZED (
    SELECT l.tenant_id FROM weir.lane l WHERE l.wake_at <= v_now ORDER BY l.wake_at LIMIT p_limit)
  SELECT array_agg(waiting.tenant_id) INTO v_lanes FROM waiting;
  -- All lanes in one order, whatever they are raised to.
  SELECT array_agg(t.tenant_id) INTO v_tenants FROM (
    SELECT unnest(v_lanes) AS tenant_id
    UNION SELECT q.tenant_id FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = ANY (v_due) AND q.state = 'ready') t;
  PERFORM FROM weir.lane l WHERE l.tenant_id = ANY (v_tenants) ORDER BY l.tenant_id FOR NO KEY UPDATE;
  PERFORM weir.roll_quota_days(v_lanes);
  FOR v_class, v_tenants IN
    SELECT q.class, array_agg(DISTINCT q.tenant_id) FROM weir.pipeline_execution_queue q
    WHERE q.pipeline_run_id = ANY (v_due) AND q.state = 'ready' GROUP BY q.class
  LOOP
    PERFORM weir.raise_lanes(v_tenants, v_class);
  END LOOP;
  v_floor := weir.lane_floor();
  UPDATE weir.lane l SET wake_at = NULL, ready_class = coalesce(l.ready_class, 1::smallint),
      pass = CASE WHEN l.ready_class IS NULL THEN greatest(l.pass, v_floor) ELSE l.pass END
    WHERE l.tenant_id = ANY (v_lanes) AND l.wake_at <= v_now;
  RETURN v_woken + coalesce(cardinality(v_lanes), 0);
END
$$;
