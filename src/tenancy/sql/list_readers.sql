-- Analysts' roles of tenant $1 (null: of all).
SELECT r.role_name::text AS role, t.key, r.created_at,
       EXISTS (SELECT FROM pg_roles p WHERE p.rolname = r.role_name) AS is_there
FROM weir.reader r JOIN weir.tenant t ON t.id = r.tenant_id
WHERE $1::uuid IS NULL OR r.tenant_id = $1 ORDER BY t.key, r.role_name
