-- The tenant with key $1 or else with id $2 (null: none).
SELECT id, key, name, state, concurrent_scripts, egress_allow, time_zone, created_at, updated_at FROM weir.tenant
WHERE key = $1 OR id = $2::uuid ORDER BY key = $1 DESC LIMIT 1
