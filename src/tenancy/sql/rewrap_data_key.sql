-- Data key $2 of tenant $1: master key $3, wrapped $4, unless it was changed from $5 meanwhile.
UPDATE weir.tenant_data_key SET master_key_id = $3, wrapped = $4 WHERE tenant_id = $1 AND id = $2 AND wrapped = $5
