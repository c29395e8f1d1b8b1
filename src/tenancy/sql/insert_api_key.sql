-- A new API key: prefix $1, hash of its secret $2, name $3, scope $4, tenant $5 (null: none), who made it $6, seconds it
-- is valid $7 (null: for ever).
INSERT INTO weir.api_key AS k (prefix, secret_hash, name, scope, tenant_id, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7::float8))
RETURNING k.*, (SELECT t.key FROM weir.tenant t WHERE t.id = k.tenant_id) AS tenant_key, true AS is_valid
