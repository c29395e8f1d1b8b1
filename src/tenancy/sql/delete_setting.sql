-- Removes setting $3 of tenant $1's data source $2.
DELETE FROM weir.tenant_data_source_config WHERE tenant_id = $1 AND data_source = $2 AND key = $3
