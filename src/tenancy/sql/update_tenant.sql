-- Tenant $1: name $2, concurrent scripts $3, egress allowance $4.
UPDATE weir.tenant SET name = $2, concurrent_scripts = $3, egress_allow = $4, updated_at = now() WHERE id = $1
