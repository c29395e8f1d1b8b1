-- Keeps a validator of a partition. $1 tenant, $2 data source, $3 script, $4 partition, $5 request, $6 ETag,
-- $7 Last-Modified (each may be empty), $8 from when on everything was shown (null: all), $9 declaration hash.
INSERT INTO weir.validator AS v (tenant_id, data_source, script, partition, request, etag, last_modified, shown_from,
                                 declaration_hash)
  VALUES ($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), $8, $9)
  ON CONFLICT (tenant_id, data_source, script, partition, request) DO UPDATE
    SET etag = excluded.etag, last_modified = excluded.last_modified, shown_from = excluded.shown_from,
        declaration_hash = excluded.declaration_hash, written_at = clock_timestamp()
