-- The run's row of history with its totals, once the run did something ($6, or rows counted in this transaction).
-- $1 tenant, $2 data source, $3 script, $4 run, $5 user, $7 imported and $9 deleted before this transaction, $8 unchanged
-- (the rows of this transaction's merges included as if all were), $10 failed, $11 mended, $12 requests, $13 not
-- modified, $14 bytes, $15 waited ms, $16 checkpoints, $17 log lines, $18 log lines dropped,
-- $19 points.
INSERT INTO weir.run AS r (tenant_id, id, data_source, script, pipeline_run_id, user_id, status, node_id, epoch, started_at,
    records_imported, records_unchanged, records_deleted, records_failed, records_mended, requests, not_modified, bytes,
    waited_ms, checkpoints, log_lines, log_dropped, points)
  SELECT s.tenant_id, $4::uuid, s.data_source, s.script, s.pipeline_run_id, $5::text, 'RUNNING', s.node_id, s.epoch,
         s.started_at, $7::bigint + weir.tallied('imported'), $8::bigint - weir.tallied('imported'),
         $9::bigint + weir.tallied('deleted'), $10::bigint, $11::bigint, $12::bigint, $13::bigint, $14::bigint,
         $15::bigint, $16::bigint, $17::int, $18::bigint, $19::bigint
  FROM weir.data_source_run s
  WHERE s.tenant_id = $1 AND s.data_source = $2 AND s.script = $3
    AND ($6::boolean OR weir.tallied('imported') > 0 OR weir.tallied('deleted') > 0)
  ON CONFLICT (tenant_id, id) DO UPDATE
    SET records_imported = excluded.records_imported, records_unchanged = excluded.records_unchanged,
        records_deleted = excluded.records_deleted, records_failed = excluded.records_failed,
        records_mended = excluded.records_mended, requests = excluded.requests, not_modified = excluded.not_modified,
        bytes = excluded.bytes, waited_ms = excluded.waited_ms, checkpoints = excluded.checkpoints,
        log_lines = excluded.log_lines, log_dropped = excluded.log_dropped,
        points = excluded.points
