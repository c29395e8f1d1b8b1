-- Opens a gap, or widens the open one of its kind; another run that meets it again is one more attempt. $1 tenant,
-- $2 data source, $3 script, $4 partition, $5 kind, $6 from, $7 to (null: unbounded), $8 records, $9 reason, $10 remedy,
-- $11 run.
INSERT INTO weir.gap AS g (tenant_id, data_source, script, partition, kind, from_at, to_at, records, reason, remedy, run_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, ''), $11)
  ON CONFLICT (tenant_id, data_source, script, partition, kind) WHERE closed_at IS NULL DO UPDATE
    SET from_at = CASE WHEN g.from_at IS NOT NULL AND excluded.from_at IS NOT NULL
                       THEN least(g.from_at, excluded.from_at) END,
        to_at = CASE WHEN g.to_at IS NOT NULL AND excluded.to_at IS NOT NULL THEN greatest(g.to_at, excluded.to_at) END,
        records = CASE WHEN g.run_id = excluded.run_id THEN g.records ELSE 0 END + excluded.records,
        attempts = g.attempts + CASE WHEN g.run_id = excluded.run_id THEN 0 ELSE 1 END,
        reason = excluded.reason, remedy = excluded.remedy, run_id = excluded.run_id, seen_at = clock_timestamp()
