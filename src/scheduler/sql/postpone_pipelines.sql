-- The next fire of the pipelines $1 (text[]), each seen with version $2 and planned fire $3, could not be computed because of
-- $4: tried again in an hour.
UPDATE weir.tenant_pipeline_configs c SET next_fire_at = weir.clock() + interval '1 hour', plan_error = b.error
FROM unnest($1::text[]::uuid[], $2::text[]::bigint[], $3::text[]::timestamptz[], $4::text[]) AS b (id, version, seen, error)
WHERE c.id = b.id AND c.version = b.version AND c.next_fire_at = b.seen
