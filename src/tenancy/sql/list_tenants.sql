-- Tenants by key, after key $1, at most $2.
SELECT id, key, name, state, concurrent_scripts, egress_allow, time_zone, created_at, updated_at FROM weir.tenant
WHERE key > $1 ORDER BY key LIMIT $2
