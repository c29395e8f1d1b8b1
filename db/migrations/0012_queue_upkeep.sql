-- What the nodes do for the queue in between: wake, reap, recount, archive, explain. Each in small batches, by whoever
-- comes first; none is needed for what is claimed to be right.

-- Makes ready what has come due: retries, parked runs, lanes that waited for the next day's quota. A parked run whose
-- pipeline has another one active is looked at again in a minute. The number of entries and lanes that woke.
CREATE FUNCTION weir.promote_due(p_limit int) RETURNS int LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_now timestamptz := weir.clock();
  v_due uuid[];
  v_busy uuid[];
  v_class smallint;
  v_tenants uuid[];
  v_lanes uuid[];
  v_woken int := 0;
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
  UPDATE weir.lane l SET wake_at = NULL, ready_class = coalesce(l.ready_class, 1::smallint),
      pass = CASE WHEN l.ready_class IS NULL THEN greatest(l.pass, weir.lane_floor()) ELSE l.pass END
    WHERE l.tenant_id = ANY (v_lanes) AND l.wake_at <= v_now;
  RETURN v_woken + coalesce(cardinality(v_lanes), 0);
END
$$;

-- Parked runs of a tenant are due now, since its credentials or its limits have changed; the nodes are told.
CREATE FUNCTION weir.wake_parked_runs(p_tenant uuid) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
DECLARE v_woken int;
BEGIN
  UPDATE weir.pipeline_execution_queue q SET due_at = weir.clock()
    WHERE q.tenant_id = p_tenant AND q.state = 'parked' AND q.due_at > weir.clock();
  GET DIAGNOSTICS v_woken = ROW_COUNT;
  IF v_woken > 0 THEN PERFORM pg_notify('weir_queue', ''); END IF;
  RETURN v_woken;
END
$$;

-- Takes the runs of nodes that are gone and gives them back to the queue; one that ended p_interruptions_max nodes before
-- is given up, since it may be what ends them. Rows in use are left for the next look.
CREATE FUNCTION weir.reap_queue(p_interruptions_max int, p_limit int)
RETURNS TABLE (pipeline_run_id uuid, tenant_id uuid, epoch bigint, outcome text) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  e weir.pipeline_execution_queue;
  v_history record;
  v_orphans uuid[];
BEGIN
  WITH orphan AS MATERIALIZED (
    SELECT q.pipeline_run_id FROM weir.pipeline_execution_queue q
    WHERE q.state = 'leased' AND q.epoch <> ALL (ARRAY(
      SELECT n.epoch FROM weir.node n WHERE n.died_at IS NULL AND n.lease_until > clock_timestamp()))
    LIMIT p_limit FOR UPDATE SKIP LOCKED)
  SELECT array_agg(o.pipeline_run_id) INTO v_orphans FROM orphan o;
  FOR e IN SELECT * FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = ANY (v_orphans)
           ORDER BY q.tenant_id, q.pipeline_run_id
  LOOP
    pipeline_run_id := e.pipeline_run_id;
    tenant_id := e.tenant_id;
    epoch := e.epoch;
    SELECT h.status, h.cancel_requested_at IS NOT NULL AS is_cancelled, h.error INTO v_history
      FROM weir.scheduled_pipeline_runs h WHERE h.id = e.pipeline_run_id;
    IF v_history.status IN ('COMPLETED', 'COMPLETED_WITH_GAPS', 'FAILED', 'CANCELLED') THEN
      outcome := 'finished'; -- it had said so before its node went
      PERFORM weir.settle_entry(e, NULL, NULL, false, v_history.status, NULL, v_history.error);
    ELSIF v_history.is_cancelled THEN
      outcome := 'cancelled';
      PERFORM weir.settle_entry(e, NULL, NULL, false, 'CANCELLED', NULL, 'cancelled while its node was gone');
    ELSIF e.interruptions >= p_interruptions_max THEN
      outcome := 'given_up';
      PERFORM weir.settle_entry(e, NULL, NULL, true, 'INTERRUPTED', NULL, format(
        'its node was gone, for the %sth time: it may be what ends its nodes; run it again by hand', e.interruptions + 1));
    ELSE
      e.interruptions := e.interruptions + 1;
      outcome := 'requeued';
      PERFORM weir.settle_entry(e, 'ready', e.due_at, e.class <> 0, 'IDLE', NULL, 'its node was gone; it starts again');
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- What lanes say against what the queue holds, mended; a row for each difference, and there should be none.
CREATE FUNCTION weir.recount_lanes()
RETURNS TABLE (tenant_id uuid, what text, said int, is_so int) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_suspects uuid[];
  v_lane weir.lane;
  v_running int;
  v_class smallint;
BEGIN
  SELECT array_agg(t.id) INTO v_suspects FROM weir.tenant t
    WHERE t.state <> 'DELETING' AND NOT EXISTS (SELECT FROM weir.lane l WHERE l.tenant_id = t.id);
  PERFORM weir.refresh_lanes(v_suspects);
  RETURN QUERY SELECT s, 'lane', 0, 1 FROM unnest(v_suspects) AS s;
  -- Tenants with entries, by leaps over the index.
  WITH RECURSIVE leased AS (
    SELECT q.tenant_id, count(*)::int AS runs FROM weir.pipeline_execution_queue q WHERE q.state = 'leased' GROUP BY 1
  ), tenants AS (
    (SELECT q.tenant_id FROM weir.pipeline_execution_queue q WHERE q.state = 'ready' ORDER BY q.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT q.tenant_id FROM weir.pipeline_execution_queue q
            WHERE q.state = 'ready' AND q.tenant_id > t.tenant_id ORDER BY q.tenant_id LIMIT 1)
    FROM tenants t WHERE t.tenant_id IS NOT NULL
  )
  SELECT array_agg(l.tenant_id ORDER BY l.tenant_id) INTO v_suspects
    FROM weir.lane l LEFT JOIN leased r ON r.tenant_id = l.tenant_id LEFT JOIN tenants t ON t.tenant_id = l.tenant_id
    WHERE l.running <> coalesce(r.runs, 0) OR (t.tenant_id IS NOT NULL AND l.ready_class IS NULL AND l.wake_at IS NULL);
  -- Judged again under its lock: what has moved since is no difference.
  FOREACH tenant_id IN ARRAY coalesce(v_suspects, '{}') LOOP
    PERFORM FROM weir.lane l WHERE l.tenant_id = recount_lanes.tenant_id FOR NO KEY UPDATE;
    SELECT * INTO v_lane FROM weir.lane l WHERE l.tenant_id = recount_lanes.tenant_id;
    SELECT count(*) INTO v_running FROM weir.pipeline_execution_queue q
      WHERE q.tenant_id = recount_lanes.tenant_id AND q.state = 'leased';
    SELECT min(q.class) INTO v_class FROM weir.pipeline_execution_queue q
      WHERE q.tenant_id = recount_lanes.tenant_id AND q.state = 'ready';
    IF v_lane.running <> v_running THEN
      what := 'running'; said := v_lane.running; is_so := v_running;
      RETURN NEXT;
    END IF;
    IF v_lane.ready_class IS NULL AND v_lane.wake_at IS NULL AND v_class IS NOT NULL THEN
      what := 'ready_class'; said := NULL; is_so := v_class;
      RETURN NEXT;
    END IF;
    UPDATE weir.lane l SET running = v_running,
        ready_class = CASE WHEN v_lane.wake_at IS NULL THEN coalesce(l.ready_class, v_class) ELSE l.ready_class END,
        pass = greatest(l.pass, weir.lane_floor())
      WHERE l.tenant_id = recount_lanes.tenant_id;
  END LOOP;
END
$$;

-- Keeps the days that are over in weir.usage_quota; at most p_limit lanes, those in use later.
CREATE FUNCTION weir.archive_quotas(p_limit int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
DECLARE v_lanes uuid[];
BEGIN
  WITH over AS MATERIALIZED (
    SELECT l.tenant_id FROM weir.lane l
    WHERE l.quota_used > 0 AND l.quota_day < weir.local_day(weir.clock(), l.time_zone)
    LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED)
  SELECT array_agg(over.tenant_id) INTO v_lanes FROM over;
  RETURN weir.roll_quota_days(v_lanes);
END
$$;

GRANT EXECUTE ON FUNCTION weir.promote_due(int), weir.wake_parked_runs(uuid), weir.reap_queue(int, int),
  weir.recount_lanes(), weir.archive_quotas(int) TO {{control}};
