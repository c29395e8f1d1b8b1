-- Marks a partition unreachable (or reachable again: $5 null) without moving its cursor. $1 tenant, $2 data source,
-- $3 script, $4 partition, $5 reason, $6 probe again after this many seconds.
INSERT INTO weir.partition_cursor AS c (tenant_id, data_source, script, partition, unreachable, probe_at, checked_at)
  VALUES ($1, $2, $3, $4, $5::text,
          CASE WHEN $5::text IS NOT NULL THEN clock_timestamp() + make_interval(secs => $6::bigint) END,
          clock_timestamp())
  ON CONFLICT (tenant_id, data_source, script, partition) DO UPDATE
    SET unreachable = excluded.unreachable, probe_at = excluded.probe_at, checked_at = excluded.checked_at
  RETURNING partition, version
