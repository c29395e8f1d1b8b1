-- Tenant $1: state $2.
UPDATE weir.tenant SET state = $2, updated_at = now() WHERE id = $1
