-- The API key with the id $1 or the prefix $2, of tenant $3 (null: anybody's), locked until the transaction ends.
SELECT k.*, (SELECT t.key FROM weir.tenant t WHERE t.id = k.tenant_id) AS tenant_key,
       k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true) AS is_valid
FROM weir.api_key k
WHERE (k.id = $1::uuid OR k.prefix = $2) AND ($3::uuid IS NULL OR k.tenant_id = $3) FOR UPDATE
