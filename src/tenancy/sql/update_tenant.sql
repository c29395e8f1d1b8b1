-- Tenant $1: name $2, concurrent scripts $3.
UPDATE weir.tenant SET name = $2, concurrent_scripts = $3, updated_at = now() WHERE id = $1
