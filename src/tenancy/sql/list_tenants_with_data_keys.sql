-- Tenants after $1 that seal with a data key older than $2 seconds, at most $3.
SELECT DISTINCT tenant_id FROM weir.tenant_data_key
WHERE retired_at IS NULL AND created_at <= now() - make_interval(secs => $2) AND tenant_id > $1
ORDER BY tenant_id LIMIT $3
