-- The API key with the prefix $1, and whether it is valid now.
SELECT k.*, t.key AS tenant_key, k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true) AS is_valid
FROM weir.api_key k LEFT JOIN weir.tenant t ON t.id = k.tenant_id WHERE k.prefix = $1
