-- Tenant $1: name $2, concurrent scripts $3, egress allowance $4, time zone $5.
UPDATE weir.tenant SET name = $2, concurrent_scripts = $3, egress_allow = $4, time_zone = $5, updated_at = now()
WHERE id = $1
