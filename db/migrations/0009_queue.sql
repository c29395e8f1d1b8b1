-- Plans and quotas, pipelines and their schedules, lanes and the queue. All of it is of the control group.
--
-- The queue has no foreign keys, and no statement waits for a lock while it holds a later one of this order:
-- pipeline configuration, queue entry, lane (several: by tenant id). The claim goes the other way, and never waits.

-- The clock of everything here that is not a lease; a test may replace it.
CREATE FUNCTION weir.clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$ SELECT clock_timestamp() $$;

-- The calendar day of a place, and the instant at which its next one begins: 23 or 25 hours later where clocks change.
CREATE FUNCTION weir.local_day(at timestamptz, zone text) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (at AT TIME ZONE zone)::date
$$;
CREATE FUNCTION weir.next_local_day(at timestamptz, zone text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (((at AT TIME ZONE zone)::date + 1)::timestamp) AT TIME ZONE zone
$$;
GRANT EXECUTE ON FUNCTION weir.clock(), weir.local_day(timestamptz, text), weir.next_local_day(timestamptz, text)
  TO {{control}};

-- What a tenant may use -----------------------------------------------------------------------------------------------

ALTER TABLE weir.tenant ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';

CREATE TABLE weir.plan (
  name text PRIMARY KEY CHECK (name ~ '^[a-z0-9-]{1,40}$'),
  runs_per_day int CHECK (runs_per_day >= 0),       -- null: no limit
  concurrent_runs int NOT NULL DEFAULT 2 CHECK (concurrent_runs BETWEEN 1 AND 1000),
  weight int NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000), -- its share where tenants compete
  data_retention_days int CHECK (data_retention_days > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE weir.plan IS 'control: what a kind of subscription allows';

-- A tenant without one has no daily limit and the caps of a new plan.
CREATE TABLE weir.subscription (
  tenant_id uuid PRIMARY KEY,
  plan text NOT NULL REFERENCES weir.plan,
  status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'SUSPENDED', 'CANCELLED')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE weir.subscription IS 'control: the plan of a tenant, and whether it is active';
CREATE INDEX subscription_plan ON weir.subscription (plan);

-- Days that are over; the day that runs is counted in the lane.
CREATE TABLE weir.usage_quota (
  tenant_id uuid NOT NULL,
  day date NOT NULL,                -- by the tenant's calendar
  runs_used int NOT NULL,
  runs_limit int,                   -- as it was at the end of the day; null: none
  archived_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, day)
);
COMMENT ON TABLE weir.usage_quota IS 'control: runs of a tenant by its calendar day';

CREATE TABLE weir.lane (
  tenant_id uuid PRIMARY KEY,
  closed text CHECK (closed IN ('paused', 'deleting', 'subscription_inactive')), -- why nothing is claimed; null: open
  weight int NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000),
  pass bigint NOT NULL DEFAULT 0,   -- grows by 1,000,000 / weight with every claim; the lowest is next
  running int NOT NULL DEFAULT 0 CHECK (running >= 0),
  cap int NOT NULL DEFAULT 2 CHECK (cap > 0),
  runs_per_day int,
  time_zone text NOT NULL DEFAULT 'UTC',
  ready_class smallint,             -- the best class with a claimable entry; null: there is none. May be out of date
                                    -- towards readiness, never away from it.
  wake_at timestamptz,              -- entries wait for the next day's quota until then
  quota_day date NOT NULL,
  quota_used int NOT NULL DEFAULT 0 CHECK (quota_used >= 0)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
        vacuum_truncate = off);
COMMENT ON TABLE weir.lane IS 'control: a tenant''s place in the queue; exactly one row each';
CREATE INDEX lane_by_class ON weir.lane (ready_class, pass)
  WHERE ready_class IS NOT NULL AND closed IS NULL AND running < cap;
CREATE INDEX lane_by_pass ON weir.lane (pass) WHERE ready_class IS NOT NULL AND closed IS NULL AND running < cap;
CREATE INDEX lane_pass ON weir.lane (pass);
CREATE INDEX lane_wake ON weir.lane (wake_at) WHERE wake_at IS NOT NULL;

-- Pipelines and the queue ---------------------------------------------------------------------------------------------

CREATE TABLE weir.tenant_pipeline_configs (
  id uuid PRIMARY KEY DEFAULT weir.uuid_v7(),
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9-]{1,40}$'),
  data_sources text[] NOT NULL DEFAULT '{}',  -- empty: all of the tenant's
  scripts text[] NOT NULL DEFAULT '{}',       -- <provider>/<script>; empty: all
  parameters jsonb NOT NULL DEFAULT '{}',
  every_seconds int CHECK (every_seconds > 0),
  cron text,
  time_zone text NOT NULL DEFAULT 'UTC',      -- of the cron expression
  gap_rule text NOT NULL DEFAULT 'after' CHECK (gap_rule IN ('after', 'skip')),
  overlap_rule text NOT NULL DEFAULT 'first' CHECK (overlap_rule IN ('first', 'both')),
  day_rule text NOT NULL DEFAULT 'either' CHECK (day_rule IN ('either', 'both')),
  missed text NOT NULL DEFAULT 'once' CHECK (missed IN ('once', 'skip')),
  spread_seconds int NOT NULL DEFAULT 0 CHECK (spread_seconds >= 0),
  priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -10 AND 10),
  class smallint NOT NULL DEFAULT 1 CHECK (class IN (1, 2)),
  is_enabled boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1,          -- grows with every change of a person
  next_fire_at timestamptz,                   -- null: none is planned
  last_fire_at timestamptz,                   -- only ever grows, hence one run for each fire
  plan_error text,                            -- why its next fire could not be computed
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name),
  CHECK (num_nonnulls(every_seconds, cron) <= 1)
) WITH (fillfactor = 80);
COMMENT ON TABLE weir.tenant_pipeline_configs IS 'control: pipelines, their schedules and when they are due';
CREATE INDEX tenant_pipeline_configs_due ON weir.tenant_pipeline_configs (next_fire_at, id)
  WHERE next_fire_at IS NOT NULL;

ALTER TABLE weir.scheduled_pipeline_runs
  ADD COLUMN pipeline_id uuid,
  ADD COLUMN queued_at timestamptz,
  ADD COLUMN attempts int NOT NULL DEFAULT 0,      -- that failed and were tried again
  ADD COLUMN interruptions int NOT NULL DEFAULT 0, -- by the end of a node
  ADD COLUMN missed int NOT NULL DEFAULT 0,        -- earlier fires that it stands for
  ADD COLUMN reason text,                          -- of SKIPPED
  ALTER COLUMN started_at DROP NOT NULL,
  DROP CONSTRAINT scheduled_pipeline_runs_status_check,
  ADD CONSTRAINT scheduled_pipeline_runs_status_check CHECK (status IN ('IDLE', 'RUNNING', 'PARKED', 'COMPLETED',
    'COMPLETED_WITH_GAPS', 'FAILED', 'CANCELLED', 'INTERRUPTED', 'SKIPPED'));

CREATE SEQUENCE weir.queue_token_seq;

-- Only what waits or runs. A new entry is ready or scheduled, so that the claim's index holds nothing that may not start.
CREATE TABLE weir.pipeline_execution_queue (
  pipeline_run_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  pipeline_id uuid,                 -- null: a run of its own
  class smallint NOT NULL CHECK (class BETWEEN 0 AND 2), -- 0 manual, 1 scheduled, 2 backfill
  state text NOT NULL CHECK (state IN ('scheduled', 'ready', 'leased', 'parked')),
  needs_quota boolean NOT NULL,     -- its start has still to be paid for
  was_parked boolean NOT NULL DEFAULT false,
  priority smallint NOT NULL,
  order_at timestamptz NOT NULL,    -- due_at - priority * weir.priority_step(): waiting raises, by standing still
  due_at timestamptz NOT NULL,
  fire_at timestamptz,
  queued_at timestamptz NOT NULL,
  attempt smallint NOT NULL DEFAULT 0,
  interruptions smallint NOT NULL DEFAULT 0,
  quota_day date,                   -- the day that paid; null: none did
  token bigint,                     -- of the lease; never used again
  node_id uuid,
  epoch bigint,
  leased_at timestamptz,
  CHECK ((state = 'leased') = (token IS NOT NULL AND epoch IS NOT NULL AND node_id IS NOT NULL))
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
        vacuum_truncate = off);
COMMENT ON TABLE weir.pipeline_execution_queue IS 'control: pipeline runs that wait or run; hot and narrow';
-- One active run for each pipeline; one that is parked lets the next fire pass.
CREATE UNIQUE INDEX pipeline_execution_queue_active ON weir.pipeline_execution_queue (pipeline_id)
  WHERE state <> 'parked';
CREATE INDEX pipeline_execution_queue_ready
  ON weir.pipeline_execution_queue (tenant_id, needs_quota, class, order_at) WHERE state = 'ready';
CREATE INDEX pipeline_execution_queue_due ON weir.pipeline_execution_queue (due_at)
  WHERE state IN ('scheduled', 'parked');
CREATE INDEX pipeline_execution_queue_leased ON weir.pipeline_execution_queue (epoch) WHERE state = 'leased';
CREATE INDEX pipeline_execution_queue_aside ON weir.pipeline_execution_queue (tenant_id)
  WHERE state IN ('leased', 'parked');

CREATE TABLE weir.idempotency_key (
  tenant_id uuid,                   -- null: asked by the operator
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  request_hash text NOT NULL,
  http_status int,                  -- null: the first request is still at work
  answer jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (tenant_id, key)
);
COMMENT ON TABLE weir.idempotency_key IS 'control: answers to requests that may be sent again';
CREATE INDEX idempotency_key_age ON weir.idempotency_key (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON weir.plan, weir.subscription, weir.usage_quota, weir.lane,
  weir.tenant_pipeline_configs, weir.pipeline_execution_queue, weir.idempotency_key TO {{control}};
GRANT USAGE, SELECT ON SEQUENCE weir.queue_token_seq TO {{control}};

-- A lane follows its tenant, subscription and plan --------------------------------------------------------------------

-- What competes for the next slot has the floor; who begins to compete starts there, so that idling earns no credit. When
-- nobody competes everybody starts together.
CREATE FUNCTION weir.lane_floor() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT coalesce((SELECT l.pass FROM weir.lane l
                   WHERE l.ready_class IS NOT NULL AND l.closed IS NULL AND l.running < l.cap ORDER BY l.pass LIMIT 1),
                  (SELECT l.pass FROM weir.lane l ORDER BY l.pass DESC LIMIT 1), 0)
$$;

CREATE FUNCTION weir.refresh_lanes(p_tenants uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  PERFORM FROM weir.lane WHERE tenant_id = ANY (p_tenants) ORDER BY tenant_id FOR NO KEY UPDATE;
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
          pass = greatest(l.pass, weir.lane_floor());
END
$$;
GRANT EXECUTE ON FUNCTION weir.lane_floor(), weir.refresh_lanes(uuid[]) TO {{control}};

CREATE FUNCTION weir.on_tenant_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM weir.refresh_lanes(ARRAY[NEW.id]); RETURN NULL; END
$$;
CREATE FUNCTION weir.on_subscription_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM weir.refresh_lanes(ARRAY[coalesce(NEW.tenant_id, OLD.tenant_id)]); RETURN NULL; END
$$;
CREATE FUNCTION weir.on_plan_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM weir.refresh_lanes(array_agg(s.tenant_id)) FROM weir.subscription s WHERE s.plan = NEW.name;
  RETURN NULL;
END
$$;
CREATE TRIGGER lane_follows AFTER INSERT OR UPDATE OF state, time_zone ON weir.tenant
  FOR EACH ROW EXECUTE FUNCTION weir.on_tenant_change();
CREATE TRIGGER lane_follows AFTER INSERT OR UPDATE OR DELETE ON weir.subscription
  FOR EACH ROW EXECUTE FUNCTION weir.on_subscription_change();
CREATE TRIGGER lane_follows AFTER UPDATE ON weir.plan FOR EACH ROW EXECUTE FUNCTION weir.on_plan_change();

SELECT weir.refresh_lanes(array_agg(id)) FROM weir.tenant;
