-- The tables of the import engine. Run as the owner role; schema weir exists already (it holds schema_migration).
--
-- Two groups that no statement joins (their comments begin with "home:" or "control:"):
--   home     one tenant's configuration, state, history and rows; tenant_id leads every key; row-level security forced
--   control  tenants, nodes, pipeline runs, audit
-- weir.node is in both: a claim of a home row judges its holder.

CREATE SCHEMA data;
GRANT USAGE ON SCHEMA weir, data TO {{control}}, {{tenant}}, {{reader}};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA weir FROM PUBLIC;
-- For the whole database: a revocation by schema would not take back what is granted by default.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Ids ---------------------------------------------------------------------------------------------------------------

-- The smallest UUIDv7 of an instant: the bounds of weekly partitions.
CREATE FUNCTION weir.uuid_v7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT encode(substring(int8send((floor(extract(epoch FROM at) * 1000))::bigint) FROM 3) || '\x70008000000000000000',
                'hex')::uuid
$$;

-- RFC 9562 version 7 with the database's clock: 48 bits of milliseconds, the rest random (a version 4 whose version
-- bits 0100 become 0111).
CREATE FUNCTION weir.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                  PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                  FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;
GRANT EXECUTE ON FUNCTION weir.uuid_v7() TO {{control}}, {{tenant}};

-- Control group -----------------------------------------------------------------------------------------------------

CREATE TABLE weir.tenant (
  id uuid PRIMARY KEY DEFAULT weir.uuid_v7(),
  key text NOT NULL UNIQUE CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$'),
  name text CHECK (length(name) <= 200),
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'PAUSED', 'DELETING')),
  concurrent_scripts int NOT NULL DEFAULT 4 CHECK (concurrent_scripts BETWEEN 1 AND 1000),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE weir.tenant IS 'control: one customer of the platform';

CREATE TABLE weir.reader (
  role_name name PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES weir.tenant ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE weir.reader IS 'control: which tenant an analyst''s database role may read';

CREATE TABLE weir.master_key (
  id text PRIMARY KEY,
  check_value bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);
COMMENT ON TABLE weir.master_key IS 'control: master keys by id, with a value that proves a key file is the right one; never the key';

CREATE SEQUENCE weir.epoch_seq;
CREATE SEQUENCE weir.fence_seq;

CREATE TABLE weir.node (
  epoch bigint PRIMARY KEY DEFAULT nextval('weir.epoch_seq'),
  node_id uuid NOT NULL,
  hostname text NOT NULL,
  pid int NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz NOT NULL,
  lock_proven_at timestamptz,      -- its direct connection holds the advisory lock and heard its own NOTIFY
  lock_server_start timestamptz,   -- pg_postmaster_start_time() when it proved that
  died_at timestamptz
) WITH (fillfactor = 70);
COMMENT ON TABLE weir.node IS 'control: one life (epoch) of one Weir process, with its lease; reference copy in each home database';
CREATE INDEX node_alive ON weir.node (lease_until) WHERE died_at IS NULL;

CREATE TABLE weir.scheduled_pipeline_runs (
  id uuid NOT NULL DEFAULT weir.uuid_v7(),
  tenant_id uuid NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('manual', 'schedule', 'backfill')),
  user_id text,                     -- null for scheduled work
  fire_at timestamptz NOT NULL DEFAULT now(),
  status text NOT NULL DEFAULT 'RUNNING' CHECK (status IN ('IDLE', 'RUNNING', 'PARKED', 'COMPLETED',
    'COMPLETED_WITH_GAPS', 'FAILED', 'CANCELLED', 'INTERRUPTED')),
  parameters jsonb NOT NULL DEFAULT '{}',
  node_id uuid,
  epoch bigint,
  started_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  cancel_requested_at timestamptz,
  summary jsonb,                    -- per script: outcome, counts, reason
  error text,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX scheduled_pipeline_runs_tenant ON weir.scheduled_pipeline_runs (tenant_id, id DESC);
CREATE INDEX scheduled_pipeline_runs_running ON weir.scheduled_pipeline_runs (epoch) WHERE status = 'RUNNING';
COMMENT ON TABLE weir.scheduled_pipeline_runs IS 'control: every pipeline run, manual ones included';

CREATE TABLE weir.audit_log (
  id uuid NOT NULL DEFAULT weir.uuid_v7(),
  at timestamptz NOT NULL DEFAULT now(),
  tenant_id uuid,
  tenant_key text,                  -- stays readable when the tenant is gone
  actor text,                       -- user id, cli:<account>, or null for scheduled work
  action text NOT NULL,             -- tenant.add, source.set, cursor.reset, …
  target text NOT NULL,
  before jsonb,                     -- secrets masked
  after jsonb,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX audit_log_tenant ON weir.audit_log (tenant_id, id DESC);
COMMENT ON TABLE weir.audit_log IS 'control: append-only record of every change';

-- Home group --------------------------------------------------------------------------------------------------------

CREATE TABLE weir.tenant_data_key (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT weir.uuid_v7(),
  master_key_id text NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE weir.tenant_data_key IS 'home: the tenant''s data keys, wrapped by a master key; the newest not retired seals';

CREATE TABLE weir.data_source (
  tenant_id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9-]{1,40}$'),
  provider text NOT NULL CHECK (provider ~ '^[a-z0-9-]{1,40}$'),
  is_enabled boolean NOT NULL DEFAULT true,
  is_paused boolean NOT NULL DEFAULT false, -- its tenant is paused; here because the claim sees only home tables
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'DELETING')),
  needs_credentials text,           -- why the source stopped; null when its credentials are believed good
  first_import_at timestamptz,      -- from then on its identity settings are fixed
  last_sync_at timestamptz,         -- all its scripts finished and none FAILED
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);
COMMENT ON TABLE weir.data_source IS 'home: a tenant''s configured instance of a provider';

CREATE TABLE weir.tenant_data_source_config (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  key text NOT NULL CHECK (key ~ '^[A-Z][A-Z0-9_]{0,99}$'),
  value text,
  ciphertext bytea,
  data_key_id uuid,
  is_secret boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, data_source, key),
  CHECK (CASE WHEN is_secret THEN value IS NULL AND ciphertext IS NOT NULL AND data_key_id IS NOT NULL
              ELSE value IS NOT NULL AND ciphertext IS NULL END)
);
COMMENT ON TABLE weir.tenant_data_source_config IS 'home: settings and sealed secrets of a data source';

CREATE TABLE weir.data_source_run (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,             -- <provider>/<script>
  status text NOT NULL DEFAULT 'IDLE' CHECK (status IN ('IDLE', 'RUNNING', 'PARKED', 'COMPLETED',
    'COMPLETED_WITH_GAPS', 'FAILED', 'CANCELLED', 'INTERRUPTED')),
  run_id uuid,
  pipeline_run_id uuid,
  started_at timestamptz,
  completed_at timestamptz,
  error text,
  last_fetched_data_date timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  node_id uuid,
  epoch bigint,
  wake_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, data_source, script)
) WITH (fillfactor = 70);
CREATE INDEX data_source_run_running ON weir.data_source_run (epoch) WHERE status = 'RUNNING';
COMMENT ON TABLE weir.data_source_run IS 'home: the lock and the state of a script of a data source; exactly one row each';

CREATE TABLE weir.run (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  pipeline_run_id uuid,
  user_id text,
  status text NOT NULL CHECK (status IN ('RUNNING', 'PARKED', 'COMPLETED', 'COMPLETED_WITH_GAPS', 'FAILED',
    'CANCELLED', 'INTERRUPTED', 'SKIPPED')),
  reason text,                      -- of SKIPPED, PARKED, CANCELLED, INTERRUPTED
  error text,
  node_id uuid,
  epoch bigint,
  started_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  duration_ms bigint,
  records_imported bigint NOT NULL DEFAULT 0,
  records_unchanged bigint NOT NULL DEFAULT 0,
  records_deleted bigint NOT NULL DEFAULT 0,
  records_failed bigint NOT NULL DEFAULT 0,
  records_mended bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0,
  not_modified bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  waited_ms bigint NOT NULL DEFAULT 0,
  checkpoints bigint NOT NULL DEFAULT 0,
  log_lines int NOT NULL DEFAULT 0,
  log_dropped bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX run_pipeline ON weir.run (tenant_id, pipeline_run_id);
CREATE INDEX run_script ON weir.run (tenant_id, data_source, script, id DESC);
COMMENT ON TABLE weir.run IS 'home: history, one row per attempt of a script that did something';

CREATE TABLE weir.import_log (
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  line int NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  level text NOT NULL CHECK (level IN ('debug', 'info', 'warning', 'error')),
  message text NOT NULL,
  details jsonb,
  record_id text,
  PRIMARY KEY (tenant_id, run_id, line)
) PARTITION BY RANGE (run_id);
COMMENT ON TABLE weir.import_log IS 'home: what a run has to say to the tenant; at most 1,000 lines a run';

CREATE TABLE weir.partition_cursor (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,          -- '' for a script without partitions
  title text,
  version bigint NOT NULL DEFAULT 1, -- grows with every change: the compare-and-set value
  cursor_at timestamptz,            -- complete up to here; null: nothing yet
  state jsonb CHECK (octet_length(state::text) <= 65536),
  pass_start timestamptz,           -- an open pass covers (pass_start, pass_end]; null: no pass is open
  pass_end timestamptz,
  resume jsonb CHECK (octet_length(resume::text) <= 65536),
  generation bigint,                -- of an open full refresh
  declaration_hash text,
  unreachable text,                 -- why; null: reachable
  probe_at timestamptz,             -- when an unreachable partition is tried again
  checked_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, data_source, script, partition)
) WITH (fillfactor = 80);
COMMENT ON TABLE weir.partition_cursor IS 'home: up to where a part of a script is complete, and how to resume an open pass';

CREATE TABLE weir.cursor_history (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,
  version bigint NOT NULL,
  cursor_at timestamptz,
  state jsonb,
  reason text NOT NULL CHECK (reason IN ('pass', 'set', 'reset')),
  user_id text,
  run_id uuid,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, data_source, script, partition, version)
);
COMMENT ON TABLE weir.cursor_history IS 'home: earlier values of a cursor, the newest 50 of each partition';

CREATE TABLE weir.ledger (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,
  run_id uuid NOT NULL,
  window_start timestamptz,
  window_end timestamptz,
  expected bigint,                  -- what the provider said there is; null: it did not say
  fetched bigint NOT NULL DEFAULT 0,
  committed bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  is_complete boolean NOT NULL DEFAULT false,
  note text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, data_source, script, partition, run_id)
);
COMMENT ON TABLE weir.ledger IS 'home: expected against fetched against committed, where something was fetched, skipped or missing';

CREATE TABLE weir.gap (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT weir.uuid_v7(),
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('unreachable', 'failed', 'capped', 'rejected', 'unconfirmed_deletion', 'incomplete')),
  from_at timestamptz,
  to_at timestamptz,
  records bigint NOT NULL DEFAULT 0,
  reason text NOT NULL,
  remedy text,
  attempts int NOT NULL DEFAULT 1,
  run_id uuid,
  opened_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX gap_open ON weir.gap (tenant_id, data_source, script, partition, kind) WHERE closed_at IS NULL;
COMMENT ON TABLE weir.gap IS 'home: what is known to be missing, with reason and remedy';

-- Unlogged: a re-listing of unchanged rows must not write WAL. After a server crash it is empty; the count kept in
-- partition_cursor.resume shows that, and the listing starts again.
CREATE UNLOGGED TABLE weir.generation_seen (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,
  generation bigint NOT NULL,
  resource text NOT NULL,
  -- The key's columns after tenant_id and data_source, as the text of their array: comparing text is leakproof, so the
  -- primary key serves under row-level security.
  key text NOT NULL,
  PRIMARY KEY (tenant_id, data_source, script, partition, generation, resource, key)
);
COMMENT ON TABLE weir.generation_seen IS 'home: keys seen by an open full refresh';

CREATE TABLE weir.usage_hourly (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  hour timestamptz NOT NULL,
  runs bigint NOT NULL DEFAULT 0,
  records bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0,
  not_modified bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  run_ms bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, data_source, script, hour)
);
COMMENT ON TABLE weir.usage_hourly IS 'home: what a script cost, by hour; passes that found nothing are counted only here';

-- Roles and row-level security --------------------------------------------------------------------------------------

-- The tenant an analyst's session reads: by who logged in, never by a setting, which any SQL user may change.
CREATE FUNCTION weir.reader_tenant() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
  SELECT tenant_id FROM weir.reader WHERE role_name = session_user
$$;
GRANT EXECUTE ON FUNCTION weir.reader_tenant() TO {{reader}};

-- Every home table goes through this one function, those of resources too. The setting is read in a sub-select, hence
-- once for each statement and not once for each row.
CREATE FUNCTION weir.protect_home_table(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format($policy$CREATE POLICY tenant_rows ON %s TO {{tenant}}
    USING (tenant_id = (SELECT nullif(current_setting('weir.tenant_id', true), '')::uuid))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('weir.tenant_id', true), '')::uuid))$policy$, target);
  EXECUTE format('CREATE POLICY control_rows ON %s TO {{control}} USING (true) WITH CHECK (true)', target);
  EXECUTE format('CREATE POLICY reader_rows ON %s FOR SELECT TO {{reader}}
    USING (tenant_id = (SELECT weir.reader_tenant()))', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO {{control}}, {{tenant}}', target);
END
$$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tenant_data_key', 'data_source', 'tenant_data_source_config', 'data_source_run', 'run',
    'import_log', 'partition_cursor', 'cursor_history', 'ledger', 'gap', 'generation_seen', 'usage_hourly']
  LOOP
    PERFORM weir.protect_home_table(format('weir.%I', name)::regclass);
  END LOOP;
END
$$;
-- Analysts read the rows and how complete they are; never settings or keys.
GRANT SELECT ON weir.data_source_run, weir.run, weir.partition_cursor, weir.ledger, weir.gap TO {{reader}};

GRANT SELECT, INSERT, UPDATE, DELETE ON weir.tenant, weir.reader, weir.master_key, weir.node,
  weir.scheduled_pipeline_runs TO {{control}};
GRANT SELECT, INSERT ON weir.audit_log TO {{control}};
GRANT SELECT ON weir.node TO {{tenant}};
GRANT SELECT ON weir.schema_migration TO {{control}}, {{tenant}};
GRANT USAGE, SELECT ON SEQUENCE weir.epoch_seq TO {{control}};
GRANT SELECT ON SEQUENCE weir.fence_seq TO {{control}};
GRANT USAGE ON SEQUENCE weir.fence_seq TO {{control}}, {{tenant}};

-- Weekly partitions -------------------------------------------------------------------------------------------------

-- Creates what is missing of the week of `at` and the three after it. LIKE + ATTACH, never CREATE … PARTITION OF: that
-- would lock the parent against every reader. Partitions carry no grants but one for backups: rows are reached through the
-- parent alone.
CREATE FUNCTION weir.ensure_partitions(at timestamptz DEFAULT now()) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  week timestamptz;
  part text;
  made int := 0;
BEGIN
  FOREACH parent IN ARRAY ARRAY['run', 'import_log', 'scheduled_pipeline_runs', 'audit_log'] LOOP
    FOR i IN 0..3 LOOP
      week := date_trunc('week', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(weeks => i);
      part := format('%s_%s', parent, to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD'));
      CONTINUE WHEN to_regclass(format('weir.%I', part)) IS NOT NULL;
      PERFORM pg_advisory_xact_lock(hashtextextended('weir.ensure_partitions', 0));
      CONTINUE WHEN to_regclass(format('weir.%I', part)) IS NOT NULL;
      EXECUTE format('CREATE TABLE weir.%I (LIKE weir.%I INCLUDING ALL)', part, parent);
      EXECUTE format('ALTER TABLE weir.%I ENABLE ROW LEVEL SECURITY', part);
      EXECUTE format('ALTER TABLE weir.%I FORCE ROW LEVEL SECURITY', part);
      -- For backups alone: pg_dump reads every partition by its own name (docs/adr/0002).
      EXECUTE format('GRANT SELECT ON weir.%I TO {{control}}', part);
      EXECUTE format('CREATE POLICY backup_rows ON weir.%I FOR SELECT TO {{control}} USING (true)', part);
      EXECUTE format('ALTER TABLE weir.%I ATTACH PARTITION weir.%I FOR VALUES FROM (%L) TO (%L)', parent, part,
                     weir.uuid_v7_floor(week), weir.uuid_v7_floor(week + interval '1 week'));
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
SELECT weir.ensure_partitions();
