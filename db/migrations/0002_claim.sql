-- The claim of a script and the fence that every write of a run shows.

-- Whether the holder of a run still has its right: its epoch is not known dead and its lease runs. Always by the
-- clock of now, never of the transaction's start.
CREATE FUNCTION weir.is_epoch_alive(p_epoch bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT EXISTS (SELECT FROM weir.node
                 WHERE epoch = p_epoch AND died_at IS NULL AND lease_until > clock_timestamp())
$$;
GRANT EXECUTE ON FUNCTION weir.is_epoch_alive(bigint) TO {{control}}, {{tenant}};

-- Held to the end of the transaction by every claim of the tenant and by whoever changes what a claim judges (disable,
-- pause, removal, settings): inside it no claim is half done, and the next one sees the change.
CREATE FUNCTION weir.lock_claims(p_tenant uuid) RETURNS void LANGUAGE sql VOLATILE AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('weir.claim ' || p_tenant::text, 0))
$$;
GRANT EXECUTE ON FUNCTION weir.lock_claims(uuid) TO {{tenant}};

-- The session advisory lock that a node's direct connection holds while it lives, and whether anybody holds it.
CREATE FUNCTION weir.node_lock_key(p_epoch bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended('weir.node ' || p_epoch::text, 0)
$$;
CREATE FUNCTION weir.held_advisory_locks() RETURNS SETOF bigint LANGUAGE sql VOLATILE AS $$
  SELECT (l.classid::bigint << 32) | l.objid::bigint FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;
CREATE FUNCTION weir.is_node_lock_held(p_epoch bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT weir.node_lock_key(p_epoch) IN (SELECT weir.held_advisory_locks())
$$;
GRANT EXECUTE ON FUNCTION weir.node_lock_key(bigint), weir.held_advisory_locks(), weir.is_node_lock_held(bigint)
  TO {{control}};

-- One call, one transaction without client round trips. Outcomes:
--   claimed            fence and run_id are the right to run
--   locked             somebody judges this very row now: ask again in a moment
--   held               runs on holder_epoch
--   parked             until wake_at
--   cap                the tenant has p_cap scripts running
--   disabled           also while the source is being removed
--   paused             the tenant is
--   needs_credentials, unknown_source
--   node_lost          the caller itself is no longer alive
-- Locking and judging are two statements, hence two snapshots: judging in the locking statement would see the row as it
-- was before a claim that has just committed, and steal it.
CREATE FUNCTION weir.claim_script(p_tenant uuid, p_source text, p_script text, p_node uuid, p_epoch bigint,
                                  p_pipeline_run uuid, p_cap int, p_ignore_park boolean)
RETURNS TABLE (outcome text, fence bigint, run_id uuid, holder_epoch bigint, wake_at timestamptz, detail text,
               interrupted_run uuid)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  mine weir.data_source_run;
  source weir.data_source;
  is_lost_answer boolean;
BEGIN
  -- Claims of one tenant one after the other, so that its cap is exact.
  PERFORM weir.lock_claims(p_tenant);
  -- Before the insert: a claim that comes after a removal leaves nothing behind.
  IF NOT EXISTS (SELECT FROM weir.data_source d WHERE d.tenant_id = p_tenant AND d.name = p_source) THEN
    RETURN QUERY SELECT 'unknown_source', 0::bigint, NULL::uuid, NULL::bigint, NULL::timestamptz, NULL::text, NULL::uuid;
    RETURN;
  END IF;
  INSERT INTO weir.data_source_run (tenant_id, data_source, script) VALUES (p_tenant, p_source, p_script)
    ON CONFLICT DO NOTHING;
  PERFORM FROM weir.data_source_run r
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'locked', 0::bigint, NULL::uuid, NULL::bigint, NULL::timestamptz, NULL::text, NULL::uuid;
    RETURN;
  END IF;

  SELECT * INTO mine FROM weir.data_source_run r
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script;
  SELECT * INTO source FROM weir.data_source d WHERE d.tenant_id = p_tenant AND d.name = p_source;
  -- A pipeline run claims a script again only when the answer to its last claim was lost with the connection.
  is_lost_answer := mine.status = 'RUNNING' AND mine.epoch = p_epoch AND mine.pipeline_run_id = p_pipeline_run;
  outcome := CASE
    WHEN NOT source.is_enabled OR source.state = 'DELETING' THEN 'disabled'
    WHEN source.is_paused THEN 'paused'
    WHEN source.needs_credentials IS NOT NULL THEN 'needs_credentials'
    WHEN NOT weir.is_epoch_alive(p_epoch) THEN 'node_lost'
    WHEN is_lost_answer THEN 'claimed'
    WHEN mine.status = 'RUNNING' AND weir.is_epoch_alive(mine.epoch) THEN 'held'
    WHEN mine.status = 'PARKED' AND mine.wake_at > clock_timestamp() AND NOT p_ignore_park THEN 'parked'
    WHEN (SELECT count(*) FROM weir.data_source_run r
          WHERE r.tenant_id = p_tenant AND r.status = 'RUNNING' AND weir.is_epoch_alive(r.epoch)) >= p_cap THEN 'cap'
    ELSE 'claimed' END;
  IF outcome <> 'claimed' THEN
    RETURN QUERY SELECT outcome, 0::bigint, mine.run_id, mine.epoch, mine.wake_at, source.needs_credentials, NULL::uuid;
    RETURN;
  END IF;

  fence := nextval('weir.fence_seq');
  run_id := weir.uuid_v7();
  UPDATE weir.run r SET status = 'INTERRUPTED', completed_at = clock_timestamp(),
      reason = 'its node was gone; the next run goes on from the last checkpoint'
    WHERE mine.status = 'RUNNING' AND r.tenant_id = p_tenant AND r.id = mine.run_id AND r.status = 'RUNNING';
  UPDATE weir.data_source_run r SET status = 'RUNNING', fence = claim_script.fence, run_id = claim_script.run_id,
      node_id = p_node, epoch = p_epoch, pipeline_run_id = p_pipeline_run, started_at = clock_timestamp(),
      completed_at = NULL, error = NULL, wake_at = NULL, updated_at = clock_timestamp()
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script;
  UPDATE weir.data_source d SET first_import_at = clock_timestamp()
    WHERE d.tenant_id = p_tenant AND d.name = p_source AND d.first_import_at IS NULL;
  RETURN QUERY SELECT 'claimed', fence, run_id, p_epoch, NULL::timestamptz, NULL::text,
    CASE WHEN mine.status = 'RUNNING' THEN mine.run_id END;
END
$$;
GRANT EXECUTE ON FUNCTION weir.claim_script(uuid, text, text, uuid, bigint, uuid, int, boolean) TO {{tenant}};

-- Locks the run's row until the end of the transaction and raises WE001 when the caller has lost its right: its fence
-- was replaced, or its lease has run out (even if nobody took the run over yet).
CREATE FUNCTION weir.assert_fence(p_tenant uuid, p_source text, p_script text, p_fence bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE holder bigint;
BEGIN
  SELECT r.epoch INTO holder FROM weir.data_source_run r
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script
      AND r.fence = p_fence AND r.status = 'RUNNING' FOR UPDATE;
  IF NOT FOUND OR NOT weir.is_epoch_alive(holder) THEN
    RAISE EXCEPTION 'the lease of % of data source % is lost', p_script, p_source USING ERRCODE = 'WE001';
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION weir.assert_fence(uuid, text, text, bigint) TO {{tenant}};

-- Takes the right away from whoever runs the script: cursor set and reset, disable, removal, cancel and changed
-- credentials come first through here. The run in flight commits nothing more.
CREATE FUNCTION weir.replace_fence(p_tenant uuid, p_source text, p_script text, p_status text, p_reason text)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE was weir.data_source_run;
BEGIN
  SELECT * INTO was FROM weir.data_source_run r
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE weir.run r SET status = p_status, reason = p_reason, completed_at = clock_timestamp()
    WHERE was.status IN ('RUNNING', 'PARKED') AND r.tenant_id = p_tenant AND r.id = was.run_id
      AND r.status IN ('RUNNING', 'PARKED');
  UPDATE weir.data_source_run r SET fence = nextval('weir.fence_seq'), wake_at = NULL, updated_at = clock_timestamp(),
      status = CASE WHEN was.status IN ('RUNNING', 'PARKED') THEN p_status ELSE was.status END,
      error = CASE WHEN was.status IN ('RUNNING', 'PARKED') THEN p_reason ELSE was.error END,
      completed_at = CASE WHEN was.status IN ('RUNNING', 'PARKED') THEN clock_timestamp() ELSE was.completed_at END
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script;
  -- The holder looks once a second anyway; this tells it at once.
  IF was.status = 'RUNNING' THEN PERFORM pg_notify('weir_node_' || was.epoch::text, 'fence'); END IF;
  RETURN was.status IN ('RUNNING', 'PARKED');
END
$$;
GRANT EXECUTE ON FUNCTION weir.replace_fence(uuid, text, text, text, text) TO {{tenant}};

-- The same for every script of a source (null: of all the tenant's sources), with the claims locked: whoever changed the
-- source in this transaction knows that nobody runs by the old state. The number of runs that lost their right.
CREATE FUNCTION weir.replace_fences(p_tenant uuid, p_source text, p_status text, p_reason text) RETURNS int
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  one record;
  interrupted int := 0;
BEGIN
  PERFORM weir.lock_claims(p_tenant);
  FOR one IN SELECT r.data_source, r.script FROM weir.data_source_run r
    WHERE r.tenant_id = p_tenant AND (p_source IS NULL OR r.data_source = p_source)
    ORDER BY r.data_source, r.script
  LOOP
    IF weir.replace_fence(p_tenant, one.data_source, one.script, p_status, p_reason) THEN
      interrupted := interrupted + 1;
    END IF;
  END LOOP;
  RETURN interrupted;
END
$$;
GRANT EXECUTE ON FUNCTION weir.replace_fences(uuid, text, text, text) TO {{tenant}};
