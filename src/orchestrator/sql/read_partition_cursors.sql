-- What is kept of each of the partitions $4 of script $3 of data source $2 of tenant $1, its validators and open gaps, and
-- the time; one row each, in their order. OFFSET 0: a probe of the primary key for each.
SELECT clock_timestamp() AS now, c.version, c.title, c.cursor_at, c.state, c.pass_start, c.pass_end, c.resume,
       c.generation, c.declaration_hash, c.unreachable, c.probe_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', g.kind, 'from_at', g.from_at, 'seen_at', g.seen_at,
                                                     'attempts', g.attempts)), '[]')
        FROM weir.gap g
        WHERE g.tenant_id = $1 AND g.data_source = $2 AND g.script = $3 AND g.partition = asked.partition
          AND g.closed_at IS NULL) AS gaps,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('request', v.request, 'etag', v.etag, 'last_modified', v.last_modified,
                                                     'shown_from', v.shown_from, 'declaration_hash', v.declaration_hash)), '[]')
        FROM weir.validator v
        WHERE v.tenant_id = $1 AND v.data_source = $2 AND v.script = $3 AND v.partition = asked.partition) AS validators
FROM unnest($4::text[]) WITH ORDINALITY asked (partition, place)
LEFT JOIN LATERAL (
  SELECT p.* FROM weir.partition_cursor p
  WHERE p.tenant_id = $1 AND p.data_source = $2 AND p.script = $3 AND p.partition = asked.partition OFFSET 0) c ON true
ORDER BY asked.place
