-- Begins the removal of tenant $1's data source $2 (null: of all).
UPDATE weir.data_source SET state = 'DELETING', is_enabled = false, updated_at = now()
WHERE tenant_id = $1 AND ($2::text IS NULL OR name = $2)
