-- Tenant $1, which cannot change until the transaction ends.
SELECT id, key, name, state, concurrent_scripts, egress_allow, time_zone, created_at, updated_at FROM weir.tenant WHERE id = $1 FOR SHARE
