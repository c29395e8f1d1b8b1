-- Into the queue: what is due, what somebody asked for; and what a lane must know of it.

-- How much sooner one step of priority is served: an entry is never behind one of a higher priority that came due more
-- than so much later.
CREATE FUNCTION weir.priority_step() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT interval '1 minute'
$$;

-- Tells lanes that an entry of this class has become ready. They are locked even when they know already: a claim that has
-- just looked and found nothing may be about to forget it. Called last in a transaction, so that claims, which pass over
-- locked lanes, miss them for a moment only. A lane that sleeps until the next day is not woken by what has still to pay.
CREATE FUNCTION weir.raise_lanes(p_tenants uuid[], p_class smallint, p_is_paid boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off AS $$
DECLARE v_floor bigint;
BEGIN
  IF cardinality(p_tenants) IS NULL OR cardinality(p_tenants) = 0 THEN RETURN; END IF;
  PERFORM FROM weir.lane WHERE tenant_id = ANY (p_tenants) ORDER BY tenant_id FOR NO KEY UPDATE;
  v_floor := weir.lane_floor();
  UPDATE weir.lane SET ready_class = p_class, pass = CASE WHEN ready_class IS NULL THEN greatest(pass, v_floor) ELSE pass END
    WHERE tenant_id = ANY (p_tenants) AND (ready_class IS NULL OR ready_class > p_class)
      AND (p_is_paid OR wake_at IS NULL OR wake_at <= weir.clock());
END
$$;

-- Closes the books of days that are over, for lanes that the caller has locked. A tenant that moves to a zone where it is
-- still yesterday keeps its day.
CREATE FUNCTION weir.roll_quota_days(p_tenants uuid[]) RETURNS int LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off AS $$
DECLARE v_rolled int;
BEGIN
  WITH over AS MATERIALIZED (
    SELECT l.tenant_id, l.quota_day, l.quota_used, l.runs_per_day, weir.local_day(weir.clock(), l.time_zone) AS today
    FROM weir.lane l
    WHERE l.tenant_id = ANY (p_tenants) AND l.quota_day < weir.local_day(weir.clock(), l.time_zone)
  ), archived AS (
    INSERT INTO weir.usage_quota AS u (tenant_id, day, runs_used, runs_limit)
      SELECT tenant_id, quota_day, quota_used, runs_per_day FROM over WHERE quota_used > 0
      ON CONFLICT (tenant_id, day) DO UPDATE SET runs_used = u.runs_used + excluded.runs_used
  )
  UPDATE weir.lane l SET quota_day = o.today, quota_used = 0 FROM over o WHERE l.tenant_id = o.tenant_id;
  GET DIAGNOSTICS v_rolled = ROW_COUNT;
  RETURN v_rolled;
END
$$;

-- The fires that a client computed for due pipelines, each against the state it saw (version and planned fire): moves
-- their plans and makes one entry for each fire, all of them or none. What somebody else holds or has changed is left for
-- the next look.
--   p_fires  the fire to run; p_nexts  the one after it (infinity: none)
--   p_missed how many earlier ones it stands for; p_is_skipped: it came too late to run
-- A fire not after the last one has happened already. A fire that meets an active run is skipped and recorded. A tenant
-- whose lane is closed rests: its plans move on, and nothing is recorded.
CREATE FUNCTION weir.enqueue_due(p_ids uuid[], p_versions bigint[], p_seen timestamptz[], p_fires timestamptz[],
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
      FROM (SELECT a.*, a.run_id IN (SELECT q.pipeline_run_id FROM queued q) AS is_queued FROM judged a) j
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
  PERFORM weir.raise_lanes(v_scheduled, 1::smallint, false);
  PERFORM weir.raise_lanes(v_backfill, 2::smallint, false);
  RETURN NEXT;
END
$$;

-- A run that somebody asks for: of a pipeline, or (p_pipeline null) of what p_parameters say. It pays its place in the
-- daily quota here, so that the answer can say what is left. Outcomes:
--   enqueued; active (run_id is the one that waits or runs already); quota_spent; unknown_pipeline, unknown_tenant;
--   paused, deleting, subscription_inactive
CREATE FUNCTION weir.enqueue_run(p_tenant uuid, p_pipeline uuid, p_class smallint, p_priority smallint, p_user text,
                                 p_parameters jsonb)
RETURNS TABLE (outcome text, run_id uuid, quota_limit int, quota_used int, quota_resets_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := weir.clock();
  v_lane weir.lane;
  v_config weir.tenant_pipeline_configs;
  v_is_paid boolean := p_class = 0;
BEGIN
  IF p_pipeline IS NOT NULL THEN
    SELECT * INTO v_config FROM weir.tenant_pipeline_configs c WHERE c.id = p_pipeline AND c.tenant_id = p_tenant
      FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      RETURN QUERY SELECT 'unknown_pipeline', NULL::uuid, NULL::int, NULL::int, NULL::timestamptz;
      RETURN;
    END IF;
    SELECT q.pipeline_run_id INTO run_id FROM weir.pipeline_execution_queue q
      WHERE q.pipeline_id = p_pipeline AND q.state <> 'parked';
    outcome := CASE WHEN run_id IS NOT NULL THEN 'active' END;
  END IF;
  PERFORM FROM weir.lane l WHERE l.tenant_id = p_tenant FOR NO KEY UPDATE;
  PERFORM weir.roll_quota_days(ARRAY[p_tenant]);
  SELECT * INTO v_lane FROM weir.lane l WHERE l.tenant_id = p_tenant;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'unknown_tenant', NULL::uuid, NULL::int, NULL::int, NULL::timestamptz;
    RETURN;
  END IF;
  quota_limit := v_lane.runs_per_day;
  quota_used := v_lane.quota_used;
  quota_resets_at := weir.next_local_day(v_now, v_lane.time_zone);
  outcome := coalesce(v_lane.closed, outcome, CASE WHEN v_is_paid AND quota_used >= quota_limit THEN 'quota_spent' END);
  IF outcome IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  outcome := 'enqueued';
  run_id := weir.uuid_v7();
  INSERT INTO weir.pipeline_execution_queue (pipeline_run_id, tenant_id, pipeline_id, class, state, needs_quota, priority,
                                             order_at, due_at, queued_at, quota_day)
    VALUES (run_id, p_tenant, p_pipeline, p_class, 'ready', NOT v_is_paid, p_priority,
            v_now - p_priority * weir.priority_step(), v_now, v_now, CASE WHEN v_is_paid THEN v_lane.quota_day END);
  INSERT INTO weir.scheduled_pipeline_runs (id, tenant_id, pipeline_id, trigger, user_id, fire_at, status, parameters,
                                            started_at, queued_at)
    VALUES (run_id, p_tenant, p_pipeline, CASE p_class WHEN 2 THEN 'backfill' ELSE 'manual' END, p_user, v_now, 'IDLE',
            coalesce(v_config.parameters, '{}') || p_parameters, NULL, v_now);
  quota_used := quota_used + v_is_paid::int;
  UPDATE weir.lane l SET quota_used = enqueue_run.quota_used WHERE l.tenant_id = p_tenant AND v_is_paid;
  PERFORM weir.raise_lanes(ARRAY[p_tenant], p_class, v_is_paid);
  RETURN NEXT;
END
$$;

GRANT EXECUTE ON FUNCTION weir.priority_step(), weir.raise_lanes(uuid[], smallint, boolean), weir.roll_quota_days(uuid[]),
  weir.enqueue_due(uuid[], bigint[], timestamptz[], timestamptz[], timestamptz[], int[], boolean[]),
  weir.enqueue_run(uuid, uuid, smallint, smallint, text, jsonb) TO {{control}};
