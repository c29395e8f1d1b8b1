-- A database that lost acknowledged commits (a fail-over to a replica that was behind, a crash with synchronous_commit
-- off) must not be given the rest of a run whose first checkpoints it no longer has: rows would be missing behind the
-- cursor. So each run counts its checkpoints here and in its own memory, and the two must agree. docs/adr/0062.
ALTER TABLE weir.data_source_run
  ADD COLUMN checkpoint_run uuid,                      -- the run that the count is of
  ADD COLUMN checkpoints bigint NOT NULL DEFAULT 0;

-- What every checkpoint shows: that the caller still has its right (as weir.assert_fence does), that the run is its own
-- even if a sequence went back, and that the database has all `p_checkpoints` that the run had committed before. Counts
-- this one and keeps the row locked until the end of the transaction; raises WE001.
CREATE FUNCTION weir.assert_checkpoint(p_tenant uuid, p_source text, p_script text, p_fence bigint, p_run uuid,
                                       p_checkpoints bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  holder bigint;
  counted bigint;
BEGIN
  SELECT r.epoch, CASE WHEN r.checkpoint_run = p_run THEN r.checkpoints ELSE 0 END INTO holder, counted
    FROM weir.data_source_run r
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script
      AND r.fence = p_fence AND r.run_id = p_run AND r.status = 'RUNNING' FOR UPDATE;
  IF NOT FOUND OR NOT weir.is_epoch_alive(holder) THEN
    RAISE EXCEPTION 'the lease of % of data source % is lost', p_script, p_source USING ERRCODE = 'WE001';
  END IF;
  IF counted <> p_checkpoints THEN
    RAISE EXCEPTION 'the database has % of the % checkpoints of this run of %', counted, p_checkpoints, p_script
      USING ERRCODE = 'WE001';
  END IF;
  UPDATE weir.data_source_run r SET checkpoint_run = p_run, checkpoints = counted + 1
    WHERE r.tenant_id = p_tenant AND r.data_source = p_source AND r.script = p_script;
END
$$;
GRANT EXECUTE ON FUNCTION weir.assert_checkpoint(uuid, text, text, bigint, uuid, bigint) TO {{tenant}};
