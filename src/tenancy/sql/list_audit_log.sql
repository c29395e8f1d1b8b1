-- At most $4 records of tenant $1 (null: all), action $2 (null: any), older than the id $3 (null: from now), newest
-- first, as documents.
SELECT to_jsonb(a) - 'tenant_key' || jsonb_build_object('tenant', a.tenant_key) AS document FROM weir.audit_log a
WHERE ($1::uuid IS NULL OR a.tenant_id = $1) AND ($2::text IS NULL OR a.action = $2) AND ($3::uuid IS NULL OR a.id < $3)
ORDER BY a.id DESC LIMIT $4::int
