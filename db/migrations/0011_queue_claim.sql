-- Out of the queue: the claim, and every way in which a claimed run comes back.

CREATE FUNCTION weir.stride(p_weight int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 1000000 / p_weight::bigint
$$;

-- At most p_max runs for a live node, in one transaction without client round trips and without waiting for anybody.
--
-- Lanes are taken by class, then by pass, and locked; so the caps and quotas decided here are exact, and other claims pass
-- over these lanes. Each run that a lane gives moves its pass by its stride, within one claim too. With p_is_class_blind
-- the class counts for nothing, neither between lanes nor inside: then the longest wait is served, so nothing starves.
--
-- A lane that gives nothing is told so (ready_class), hence a few rounds: the next one looks at other lanes.
CREATE FUNCTION weir.claim_pipeline_runs(p_node uuid, p_epoch bigint, p_max int, p_is_class_blind boolean)
RETURNS TABLE (pipeline_run_id uuid, tenant_id uuid, pipeline_id uuid, class smallint, token bigint, attempt smallint,
               interruptions smallint, was_parked boolean, fire_at timestamptz, due_at timestamptz, user_id text,
               parameters jsonb)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := weir.clock();
  v_left int := p_max;
  v_taken int;
  v_lanes uuid[];
BEGIN
  IF NOT weir.is_epoch_alive(p_epoch) THEN
    RAISE EXCEPTION 'epoch % is over: it claims nothing more', p_epoch USING ERRCODE = 'WE001';
  END IF;
  FOR v_round IN 1..4 LOOP
    IF p_is_class_blind THEN
      WITH locked AS MATERIALIZED (
        SELECT l.tenant_id FROM weir.lane l WHERE l.ready_class IS NOT NULL AND l.closed IS NULL AND l.running < l.cap
        ORDER BY l.pass LIMIT v_left FOR NO KEY UPDATE SKIP LOCKED)
      SELECT array_agg(locked.tenant_id) INTO v_lanes FROM locked;
    ELSE
      WITH locked AS MATERIALIZED (
        SELECT l.tenant_id FROM weir.lane l WHERE l.ready_class IS NOT NULL AND l.closed IS NULL AND l.running < l.cap
        ORDER BY l.ready_class, l.pass LIMIT v_left FOR NO KEY UPDATE SKIP LOCKED)
      SELECT array_agg(locked.tenant_id) INTO v_lanes FROM locked;
    END IF;
    EXIT WHEN v_lanes IS NULL;
    PERFORM weir.roll_quota_days(v_lanes);

    RETURN QUERY
    WITH room AS MATERIALIZED (
      SELECT l.tenant_id, l.pass, l.time_zone, l.quota_day, weir.stride(l.weight) AS stride,
             least(l.cap - l.running, v_left) AS free,
             CASE WHEN l.runs_per_day IS NOT NULL THEN greatest(l.runs_per_day - l.quota_used, 0) END AS quota
      FROM weir.lane l WHERE l.tenant_id = ANY (v_lanes)
    ), candidate AS MATERIALIZED ( -- the first of each kind, and one more, which shows what is left
      SELECT r.tenant_id, r.free, r.pass, r.stride, r.quota, k.needs_quota, k.class, e.pipeline_run_id, e.order_at
      FROM room r
      CROSS JOIN (VALUES (false, 0::smallint), (false, 1::smallint), (false, 2::smallint),
                         (true, 1::smallint), (true, 2::smallint)) AS k (needs_quota, class)
      CROSS JOIN LATERAL (
        SELECT q.pipeline_run_id, q.order_at FROM weir.pipeline_execution_queue q
        WHERE q.state = 'ready' AND q.tenant_id = r.tenant_id AND q.needs_quota = k.needs_quota AND q.class = k.class
        ORDER BY q.order_at LIMIT r.free + 1) e
    ), payable AS (
      SELECT c.*, row_number() OVER (PARTITION BY c.tenant_id, c.needs_quota
                                     ORDER BY CASE WHEN p_is_class_blind THEN 0 ELSE c.class END, c.order_at) AS nth_of_kind
      FROM candidate c
    ), ordered AS (
      SELECT p.*, row_number() OVER (PARTITION BY p.tenant_id
                                     ORDER BY CASE WHEN p_is_class_blind THEN 0 ELSE p.class END, p.order_at) AS nth
      FROM payable p WHERE NOT p.needs_quota OR p.quota IS NULL OR p.nth_of_kind <= p.quota
    ), chosen AS MATERIALIZED (
      SELECT o.pipeline_run_id FROM ordered o WHERE o.nth <= o.free
      ORDER BY CASE WHEN p_is_class_blind THEN 0 ELSE o.class END, o.pass + (o.nth - 1) * o.stride, o.order_at LIMIT v_left
    ), locked AS MATERIALIZED ( -- somebody may be cancelling one of them
      SELECT q.pipeline_run_id, q.needs_quota FROM weir.pipeline_execution_queue q
      WHERE q.pipeline_run_id IN (SELECT c.pipeline_run_id FROM chosen c) AND q.state = 'ready' FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE weir.pipeline_execution_queue q
        SET state = 'leased', token = nextval('weir.queue_token_seq'), node_id = p_node, epoch = p_epoch, leased_at = v_now,
            needs_quota = false, quota_day = CASE WHEN k.needs_quota THEN r.quota_day ELSE q.quota_day END
        FROM locked k, room r WHERE q.pipeline_run_id = k.pipeline_run_id AND r.tenant_id = q.tenant_id
        RETURNING q.*, k.needs_quota AS is_paying
    ), counts AS (
      SELECT r.tenant_id, count(t.pipeline_run_id)::int AS runs, (count(*) FILTER (WHERE t.is_paying))::int AS paying
      FROM room r LEFT JOIN taken t ON t.tenant_id = r.tenant_id GROUP BY r.tenant_id
    ), remaining AS (
      SELECT n.tenant_id, n.runs, n.paying,
             min(c.class) FILTER (WHERE NOT c.needs_quota OR c.quota IS NULL OR c.quota > n.paying) AS ready_class,
             coalesce(bool_or(c.needs_quota AND c.quota <= n.paying), false) AS is_out_of_quota
      FROM counts n
      LEFT JOIN candidate c ON c.tenant_id = n.tenant_id
        AND NOT EXISTS (SELECT FROM taken t WHERE t.pipeline_run_id = c.pipeline_run_id)
      GROUP BY n.tenant_id, n.runs, n.paying
    ), lanes AS (
      UPDATE weir.lane l
        SET running = l.running + m.runs, quota_used = l.quota_used + m.paying, pass = l.pass + m.runs * r.stride,
            ready_class = m.ready_class,
            wake_at = CASE WHEN m.is_out_of_quota THEN weir.next_local_day(v_now, r.time_zone) END
        FROM remaining m JOIN room r ON r.tenant_id = m.tenant_id WHERE l.tenant_id = m.tenant_id
    ), history AS (
      UPDATE weir.scheduled_pipeline_runs h
        SET status = 'RUNNING', node_id = p_node, epoch = p_epoch, started_at = coalesce(h.started_at, v_now), error = NULL
        FROM taken t WHERE h.id = t.pipeline_run_id
        RETURNING h.id, h.user_id, h.parameters
    )
    SELECT t.pipeline_run_id, t.tenant_id, t.pipeline_id, t.class, t.token, t.attempt, t.interruptions, t.was_parked,
           t.fire_at, t.due_at, h.user_id, coalesce(h.parameters, '{}')
    FROM taken t LEFT JOIN history h ON h.id = t.pipeline_run_id;
    GET DIAGNOSTICS v_taken = ROW_COUNT;
    v_left := v_left - v_taken;
    EXIT WHEN v_left <= 0;
  END LOOP;
END
$$;

-- What becomes of an entry (as the caller has locked it): p_state ready, scheduled or parked (due at p_due), or null, which
-- removes it; with its history and its place in the lane. p_is_refund: the day that paid for it gets it back.
CREATE FUNCTION weir.settle_entry(e weir.pipeline_execution_queue, p_state text, p_due timestamptz, p_is_refund boolean,
                                  p_status text, p_summary jsonb, p_error text) RETURNS void
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
  v_now timestamptz := weir.clock();
  v_is_refund boolean := p_is_refund AND e.quota_day IS NOT NULL;
  v_is_leased boolean := e.state = 'leased';
  v_floor bigint;
BEGIN
  IF p_state IS NULL THEN
    DELETE FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = e.pipeline_run_id;
  ELSE
    UPDATE weir.pipeline_execution_queue q
      SET state = p_state, token = NULL, node_id = NULL, epoch = NULL, leased_at = NULL, due_at = p_due,
          attempt = e.attempt, interruptions = e.interruptions, priority = e.priority,
          was_parked = e.was_parked OR p_state = 'parked',
          order_at = p_due - e.priority * weir.priority_step(),
          needs_quota = e.needs_quota OR (v_is_refund AND e.class <> 0),
          quota_day = CASE WHEN NOT v_is_refund THEN e.quota_day END
      WHERE q.pipeline_run_id = e.pipeline_run_id;
  END IF;
  UPDATE weir.scheduled_pipeline_runs h
    SET status = p_status, summary = coalesce(p_summary, h.summary), error = p_error, attempts = e.attempt,
        interruptions = e.interruptions, completed_at = CASE WHEN p_state IS NULL THEN v_now END,
        node_id = CASE WHEN p_state IS NULL THEN h.node_id END, epoch = CASE WHEN p_state IS NULL THEN h.epoch END
    WHERE h.id = e.pipeline_run_id;
  PERFORM FROM weir.lane l WHERE l.tenant_id = e.tenant_id FOR NO KEY UPDATE;
  v_floor := weir.lane_floor();
  UPDATE weir.lane l
    SET running = greatest(l.running - v_is_leased::int, 0),
        quota_used = greatest(l.quota_used - (v_is_refund AND l.quota_day = e.quota_day)::int, 0),
        ready_class = CASE WHEN p_state = 'ready' OR (v_is_refund AND l.wake_at IS NOT NULL)
                           THEN least(coalesce(l.ready_class, e.class), e.class) ELSE l.ready_class END,
        pass = CASE WHEN l.ready_class IS NULL OR (v_is_leased AND l.running >= l.cap) THEN greatest(l.pass, v_floor)
                    ELSE l.pass END
    WHERE l.tenant_id = e.tenant_id;
  IF v_is_refund THEN
    UPDATE weir.usage_quota u SET runs_used = greatest(u.runs_used - 1, 0)
      WHERE u.tenant_id = e.tenant_id AND u.day = e.quota_day
        AND NOT EXISTS (SELECT FROM weir.lane l WHERE l.tenant_id = e.tenant_id AND l.quota_day = e.quota_day);
  END IF;
END
$$;

-- The end of a run that the caller holds by its token. p_status:
--   COMPLETED, COMPLETED_WITH_GAPS, CANCELLED   it is over
--   FAILED       tried again in p_retry_in, one priority step lower, at most p_retries_max times (null: never)
--   PARKED       goes on at p_wake_at; no attempt, and nothing more to pay
--   INTERRUPTED  its node failed it: ready again at once, at most p_interruptions_max times; its day is paid back
--   RELEASED     its node goes in order: the same, without counting
-- Outcomes: finished, failed, retry, parked, requeued, given_up, cancelled; lost (somebody else holds it, or nobody)
CREATE FUNCTION weir.finish_pipeline_run(p_run uuid, p_token bigint, p_status text, p_summary jsonb, p_error text,
                                         p_retry_in interval, p_wake_at timestamptz, p_retries_max int,
                                         p_interruptions_max int)
RETURNS TABLE (outcome text, due_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := weir.clock();
  e weir.pipeline_execution_queue;
  v_is_cancelled boolean;
  v_is_manual boolean;
BEGIN
  SELECT * INTO e FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = p_run AND q.token = p_token FOR UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'lost', NULL::timestamptz;
    RETURN;
  END IF;
  v_is_manual := e.class = 0;
  SELECT h.cancel_requested_at IS NOT NULL INTO v_is_cancelled FROM weir.scheduled_pipeline_runs h WHERE h.id = p_run;
  IF p_status IN ('FAILED', 'PARKED', 'INTERRUPTED', 'RELEASED') AND v_is_cancelled THEN
    outcome := 'cancelled';
    PERFORM weir.settle_entry(e, NULL, NULL, false, 'CANCELLED', p_summary, p_error);
  ELSIF p_status = 'FAILED' AND e.attempt < p_retries_max AND p_retry_in IS NOT NULL THEN
    e.attempt := e.attempt + 1;
    e.priority := e.priority - 1;
    outcome := 'retry';
    due_at := v_now + p_retry_in;
    PERFORM weir.settle_entry(e, 'scheduled', due_at, false, 'IDLE', p_summary, p_error);
  ELSIF p_status = 'PARKED' THEN
    outcome := 'parked';
    due_at := least(greatest(p_wake_at, v_now), v_now + interval '24 hours');
    PERFORM weir.settle_entry(e, 'parked', due_at, false, 'PARKED', p_summary, p_error);
  ELSIF p_status = 'INTERRUPTED' AND e.interruptions >= p_interruptions_max THEN
    outcome := 'given_up';
    PERFORM weir.settle_entry(e, NULL, NULL, true, 'INTERRUPTED', p_summary, p_error);
  ELSIF p_status IN ('INTERRUPTED', 'RELEASED') THEN
    e.interruptions := e.interruptions + (p_status = 'INTERRUPTED')::int;
    outcome := 'requeued';
    due_at := e.due_at;
    -- What somebody asked for stays paid: it must not be refused half-way.
    PERFORM weir.settle_entry(e, 'ready', e.due_at, NOT v_is_manual, 'IDLE', p_summary, p_error);
  ELSIF p_status IN ('COMPLETED', 'COMPLETED_WITH_GAPS', 'FAILED', 'CANCELLED') THEN
    outcome := CASE p_status WHEN 'FAILED' THEN 'failed' WHEN 'CANCELLED' THEN 'cancelled' ELSE 'finished' END;
    PERFORM weir.settle_entry(e, NULL, NULL, false, p_status, p_summary, p_error);
  ELSE
    RAISE EXCEPTION 'no such end of a pipeline run: %', p_status USING ERRCODE = '22023';
  END IF;
  RETURN NEXT;
END
$$;

-- Outcomes: cancelled (it had not begun, or waited); asked (its node ends it); over; unknown
CREATE FUNCTION weir.cancel_pipeline_run(p_run uuid, p_reason text) RETURNS TABLE (outcome text, epoch bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE e weir.pipeline_execution_queue;
BEGIN
  SELECT * INTO e FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = p_run FOR UPDATE;
  IF FOUND AND e.state <> 'leased' THEN
    PERFORM weir.settle_entry(e, NULL, NULL, e.attempt = 0 AND NOT e.was_parked, 'CANCELLED', NULL, p_reason);
    RETURN QUERY SELECT 'cancelled', NULL::bigint;
    RETURN;
  END IF;
  UPDATE weir.scheduled_pipeline_runs h SET cancel_requested_at = coalesce(h.cancel_requested_at, weir.clock())
    WHERE h.id = p_run AND h.completed_at IS NULL AND h.status IN ('RUNNING', 'PARKED', 'IDLE')
    RETURNING h.epoch INTO epoch;
  outcome := CASE WHEN FOUND THEN 'asked'
                  WHEN EXISTS (SELECT FROM weir.scheduled_pipeline_runs h WHERE h.id = p_run) THEN 'over'
                  ELSE 'unknown' END;
  RETURN NEXT;
END
$$;

GRANT EXECUTE ON FUNCTION weir.stride(int), weir.claim_pipeline_runs(uuid, bigint, int, boolean),
  weir.settle_entry(weir.pipeline_execution_queue, text, timestamptz, boolean, text, jsonb, text),
  weir.finish_pipeline_run(uuid, bigint, text, jsonb, text, interval, timestamptz, int, int),
  weir.cancel_pipeline_run(uuid, text) TO {{control}};
