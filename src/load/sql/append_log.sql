-- Lines of the import log, if the run has a row of history. $1 tenant, $2 run, $3 the number of the first line, then
-- arrays: $4 times, $5 levels, $6 messages, $7 details as JSON, $8 record ids.
INSERT INTO weir.import_log (tenant_id, run_id, line, at, level, message, details, record_id)
  SELECT $1, $2, $3::int + l.ord - 1, l.at, l.level, l.message, nullif(l.details, '')::jsonb, nullif(l.record_id, '')
  FROM unnest($4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[])
       WITH ORDINALITY l(at, level, message, details, record_id, ord)
  WHERE EXISTS (SELECT FROM weir.run r WHERE r.tenant_id = $1 AND r.id = $2)
