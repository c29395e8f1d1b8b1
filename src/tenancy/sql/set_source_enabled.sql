-- Enables or disables ($3) tenant $1's data source $2; enabled, it is tried again.
UPDATE weir.data_source SET is_enabled = $3, updated_at = now(),
  needs_credentials = CASE WHEN $3 THEN NULL ELSE needs_credentials END
WHERE tenant_id = $1 AND name = $2
