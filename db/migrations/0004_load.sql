-- What a checkpoint needs beside its own statements: counting within a transaction, the move of a cursor, listings of
-- full refreshes, and the tables of resources.

-- Counters of one transaction, so that a later statement of the same flush knows what an earlier one did.
CREATE FUNCTION weir.tallied(p_name text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(nullif(current_setting('weir.tally_' || p_name, true), ''), '0')::bigint
$$;
CREATE FUNCTION weir.tally(p_name text, p_count bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT p_count FROM (SELECT set_config('weir.tally_' || p_name, (weir.tallied(p_name) + p_count)::text, true)) counted
$$;
GRANT EXECUTE ON FUNCTION weir.tallied(text), weir.tally(text, bigint) TO {{tenant}};

-- Cursors -----------------------------------------------------------------------------------------------------------

COMMENT ON TABLE weir.cursor_history IS 'home: the values a cursor took, why and by whom; the newest 50 of each partition';

-- Keeps the cursor row as it is now in its history. Whoever sets or resets a cursor calls it too.
CREATE FUNCTION weir.keep_cursor_history(p_tenant uuid, p_source text, p_script text, p_partition text, p_reason text,
                                         p_user text, p_run uuid) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO weir.cursor_history AS h (tenant_id, data_source, script, partition, version, cursor_at, state, reason,
                                        user_id, run_id, changed_at)
    SELECT c.tenant_id, c.data_source, c.script, c.partition, c.version, c.cursor_at, c.state, p_reason, p_user, p_run,
           clock_timestamp()
    FROM weir.partition_cursor c
    WHERE c.tenant_id = p_tenant AND c.data_source = p_source AND c.script = p_script AND c.partition = p_partition
    ON CONFLICT (tenant_id, data_source, script, partition, version) DO UPDATE
      SET cursor_at = excluded.cursor_at, state = excluded.state, reason = excluded.reason, user_id = excluded.user_id,
          run_id = excluded.run_id, changed_at = excluded.changed_at;
  DELETE FROM weir.cursor_history h
    WHERE h.tenant_id = p_tenant AND h.data_source = p_source AND h.script = p_script AND h.partition = p_partition
      AND h.version <= (SELECT o.version FROM weir.cursor_history o
                        WHERE o.tenant_id = p_tenant AND o.data_source = p_source AND o.script = p_script
                          AND o.partition = p_partition
                        ORDER BY o.version DESC OFFSET 50 LIMIT 1);
END
$$;
GRANT EXECUTE ON FUNCTION weir.keep_cursor_history(uuid, text, text, text, text, text, uuid) TO {{tenant}};

-- Moves a cursor by compare-and-set from the version that the run read (0: there was no row) and returns the new
-- version; WE002 when somebody else moved it meanwhile. A completed pass that moved it is kept in the history.
CREATE FUNCTION weir.move_cursor(p_tenant uuid, p_source text, p_script text, p_partition text, p_title text,
                                 p_expected bigint, p_cursor_at timestamptz, p_state jsonb, p_pass_start timestamptz,
                                 p_pass_end timestamptz, p_resume jsonb, p_generation bigint, p_declaration_hash text,
                                 p_is_complete boolean, p_run uuid)
RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE was weir.partition_cursor;
BEGIN
  SELECT * INTO was FROM weir.partition_cursor c
    WHERE c.tenant_id = p_tenant AND c.data_source = p_source AND c.script = p_script AND c.partition = p_partition
    FOR UPDATE;
  IF coalesce(was.version, 0) <> p_expected THEN
    RAISE EXCEPTION 'the cursor of partition "%" of % of data source % was moved by somebody else meanwhile', p_partition,
      p_script, p_source USING ERRCODE = 'WE002';
  END IF;
  INSERT INTO weir.partition_cursor AS c (tenant_id, data_source, script, partition, title, version, cursor_at, state,
      pass_start, pass_end, resume, generation, declaration_hash, checked_at, updated_at)
    VALUES (p_tenant, p_source, p_script, p_partition, nullif(p_title, ''), 1, p_cursor_at, p_state, p_pass_start,
            p_pass_end, p_resume, p_generation, p_declaration_hash, clock_timestamp(), clock_timestamp())
    ON CONFLICT (tenant_id, data_source, script, partition) DO UPDATE
      SET title = coalesce(excluded.title, c.title), version = c.version + 1, cursor_at = excluded.cursor_at,
          state = excluded.state, pass_start = excluded.pass_start, pass_end = excluded.pass_end,
          resume = excluded.resume, generation = excluded.generation, declaration_hash = excluded.declaration_hash,
          checked_at = excluded.checked_at, updated_at = excluded.updated_at
      WHERE c.version = p_expected;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the cursor of partition "%" of % of data source % was moved by somebody else meanwhile', p_partition,
      p_script, p_source USING ERRCODE = 'WE002';
  END IF;
  IF p_is_complete AND (was.version IS NULL OR was.cursor_at IS DISTINCT FROM p_cursor_at
                        OR was.state IS DISTINCT FROM p_state) THEN
    PERFORM weir.keep_cursor_history(p_tenant, p_source, p_script, p_partition, 'pass', NULL, p_run);
  END IF;
  RETURN p_expected + 1;
END
$$;
GRANT EXECUTE ON FUNCTION weir.move_cursor(uuid, text, text, text, text, bigint, timestamptz, jsonb, timestamptz,
  timestamptz, jsonb, bigint, text, boolean, uuid) TO {{tenant}};

-- Generations -------------------------------------------------------------------------------------------------------

-- Logged, unlike the keys themselves: a crash that emptied weir.generation_seen shows as a count that does not fit.
CREATE TABLE weir.generation (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,
  generation bigint NOT NULL,
  seen bigint NOT NULL DEFAULT 0,   -- how many keys weir.generation_seen holds of it
  outcome text CHECK (outcome IN ('done', 'unconfirmed')),  -- null: the listing is open
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, data_source, script, partition, generation)
);
COMMENT ON TABLE weir.generation IS 'home: the newest listing of a full refresh of each partition';
COMMENT ON TABLE weir.generation_seen IS 'home: keys seen by an open listing; unlogged, so that a listing writes no WAL';
SELECT weir.protect_home_table('weir.generation');

-- Tables of resources -----------------------------------------------------------------------------------------------

-- Creates data.<name>, or adds the columns it lacks (nullable), with policies, grants and comments. Called by the owner
-- with p_types from the list of ColumnType; never narrows anything.
CREATE FUNCTION weir.ensure_resource_table(p_name text, p_description text, p_key text[], p_columns text[],
                                           p_types text[], p_descriptions text[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  target text := format('data.%I', p_name);
  is_new boolean := to_regclass(format('data.%I', p_name)) IS NULL;
BEGIN
  IF is_new THEN
    EXECUTE format('CREATE TABLE %s (tenant_id uuid NOT NULL, data_source text NOT NULL, %s, script text NOT NULL,
                    imported_at timestamptz NOT NULL, run_id uuid NOT NULL, deleted_at timestamptz,
                    PRIMARY KEY (tenant_id, data_source, %s))', target,
      (SELECT string_agg(format('%I text NOT NULL', k), ', ' ORDER BY i) FROM unnest(p_key) WITH ORDINALITY u(k, i)),
      (SELECT string_agg(format('%I', k), ', ' ORDER BY i) FROM unnest(p_key) WITH ORDINALITY u(k, i)));
    PERFORM weir.protect_home_table(target::regclass);
    EXECUTE format('GRANT SELECT ON %s TO {{reader}}', target);
    EXECUTE format('COMMENT ON TABLE %s IS %L', target, rtrim('home: ' || p_description));
    EXECUTE format('COMMENT ON COLUMN %s.script IS %L', target, 'The script that wrote the row as it is');
    EXECUTE format('COMMENT ON COLUMN %s.imported_at IS %L', target, 'When the row last changed here');
    EXECUTE format('COMMENT ON COLUMN %s.run_id IS %L', target, 'The run that last changed it; see weir.run');
    EXECUTE format('COMMENT ON COLUMN %s.deleted_at IS %L', target, 'When it was found to be gone; null: it exists');
  END IF;
  FOR i IN 1..cardinality(p_columns) LOOP
    IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = target::regclass AND a.attname = p_columns[i]
                     AND NOT a.attisdropped) THEN
      EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', target, p_columns[i], p_types[i]);
    ELSIF NOT is_new THEN
      CONTINUE;
    END IF;
    IF p_descriptions[i] <> '' THEN
      EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target, p_columns[i], p_descriptions[i]);
    END IF;
  END LOOP;
END
$$;
