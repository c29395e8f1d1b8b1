-- What is kept of partition $4 of script $3 of data source $2 of tenant $1, its validators and open gaps, and the
-- time; one row always.
SELECT clock_timestamp() AS now, c.version, c.title, c.cursor_at, c.state, c.pass_start, c.pass_end, c.resume,
       c.generation, c.declaration_hash, c.unreachable, c.probe_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', g.kind, 'from_at', g.from_at, 'seen_at', g.seen_at,
                                                     'attempts', g.attempts)), '[]')
        FROM weir.gap g
        WHERE g.tenant_id = $1 AND g.data_source = $2 AND g.script = $3 AND g.partition = $4
          AND g.closed_at IS NULL) AS gaps,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('request', v.request, 'etag', v.etag, 'last_modified', v.last_modified,
                                                     'shown_from', v.shown_from, 'declaration_hash', v.declaration_hash)), '[]')
        FROM weir.validator v
        WHERE v.tenant_id = $1 AND v.data_source = $2 AND v.script = $3 AND v.partition = $4) AS validators
FROM (VALUES (1)) one (row)
LEFT JOIN weir.partition_cursor c
  ON c.tenant_id = $1 AND c.data_source = $2 AND c.script = $3 AND c.partition = $4
