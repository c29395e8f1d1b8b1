-- Revokes the API key with the id $1.
UPDATE weir.api_key AS k SET revoked_at = now() WHERE k.id = $1
RETURNING k.*, (SELECT t.key FROM weir.tenant t WHERE t.id = k.tenant_id) AS tenant_key, false AS is_valid
