-- At most $3 API keys of tenant $1 (null: all) after the id $2 (null: from the beginning), oldest first.
SELECT k.*, t.key AS tenant_key, k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true) AS is_valid
FROM weir.api_key k LEFT JOIN weir.tenant t ON t.id = k.tenant_id
WHERE ($1::uuid IS NULL OR k.tenant_id = $1) AND ($2::uuid IS NULL OR k.id > $2) ORDER BY k.id LIMIT $3::int
