-- A tenant: key $1, name $2, concurrent scripts $3 (null: the default), egress allowance $4, time
-- zone $5 (null: UTC).
INSERT INTO weir.tenant (key, name, concurrent_scripts, egress_allow, time_zone)
VALUES ($1, $2, coalesce($3::int, 4), $4, coalesce($5, 'UTC'))
ON CONFLICT (key) DO NOTHING
RETURNING id, key, name, state, concurrent_scripts, egress_allow, time_zone, created_at, updated_at
