-- Role $1 reads tenant $2.
INSERT INTO weir.reader (role_name, tenant_id) VALUES ($1, $2)
