-- Data keys not wrapped with master key $1, after ($2, $3), at most $4.
SELECT tenant_id, id, master_key_id, wrapped FROM weir.tenant_data_key
WHERE master_key_id <> $1 AND (tenant_id, id) > ($2, $3) ORDER BY tenant_id, id LIMIT $4
