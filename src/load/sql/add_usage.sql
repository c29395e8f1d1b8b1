-- What a run cost, to the hour it ended in. $1 tenant, $2 data source, $3 script, $4 records, $5 requests, $6 not
-- modified, $7 bytes, $8 points.
INSERT INTO weir.usage_hourly AS u (tenant_id, data_source, script, hour, runs, records, requests, not_modified, bytes, run_ms, points)
  SELECT s.tenant_id, s.data_source, s.script, date_trunc('hour', clock_timestamp()), 1, $4::bigint, $5::bigint, $6::bigint,
         $7::bigint, (extract(epoch FROM clock_timestamp() - s.started_at) * 1000)::bigint, $8::bigint
  FROM weir.data_source_run s
  WHERE s.tenant_id = $1 AND s.data_source = $2 AND s.script = $3
  ON CONFLICT (tenant_id, data_source, script, hour) DO UPDATE
    SET runs = u.runs + 1, records = u.records + excluded.records, requests = u.requests + excluded.requests,
        not_modified = u.not_modified + excluded.not_modified, bytes = u.bytes + excluded.bytes,
        run_ms = u.run_ms + excluded.run_ms, points = u.points + excluded.points
