-- Adds to a partition's account of this run. $1 tenant, $2 data source, $3 script, $4 partition, $5 run, $6 and $7 the
-- window, $8 expected, $9 fetched, $10 committed, $11 rejected, $12 skipped, $13 complete, $14 note.
INSERT INTO weir.ledger AS l (tenant_id, data_source, script, partition, run_id, window_start, window_end, expected,
                              fetched, committed, rejected, skipped, is_complete, note)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, nullif($14, ''))
  ON CONFLICT (tenant_id, data_source, script, partition, run_id) DO UPDATE
    SET window_start = least(l.window_start, excluded.window_start),
        window_end = greatest(l.window_end, excluded.window_end),
        expected = coalesce(excluded.expected, l.expected),
        fetched = l.fetched + excluded.fetched,
        committed = l.committed + excluded.committed,
        rejected = l.rejected + excluded.rejected,
        skipped = l.skipped + excluded.skipped,
        is_complete = l.is_complete OR excluded.is_complete,
        note = coalesce(excluded.note, l.note),
        updated_at = clock_timestamp()
