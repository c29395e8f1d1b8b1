-- Role $1 reads tenant $2 no more.
DELETE FROM weir.reader WHERE role_name = $1::name AND tenant_id = $2
