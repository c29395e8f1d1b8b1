-- A data key of tenant $1: id $2, master key $3, wrapped $4.
INSERT INTO weir.tenant_data_key (tenant_id, id, master_key_id, wrapped) VALUES ($1, $2, $3, $4)
