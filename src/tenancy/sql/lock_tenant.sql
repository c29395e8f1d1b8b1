-- Tenant $1, to be changed.
SELECT id, key, name, state, concurrent_scripts, egress_allow, time_zone, created_at, updated_at FROM weir.tenant WHERE id = $1 FOR UPDATE
