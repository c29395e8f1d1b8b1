-- A tenant: key $1, name $2, concurrent scripts $3 (null: the default), egress allowance $4.
INSERT INTO weir.tenant (key, name, concurrent_scripts, egress_allow) VALUES ($1, $2, coalesce($3::int, 4), $4)
ON CONFLICT (key) DO NOTHING
RETURNING id, key, name, state, concurrent_scripts, egress_allow, created_at, updated_at
