-- A data source of tenant $1: name $2, provider $3, whether its tenant is paused $4.
INSERT INTO weir.data_source (tenant_id, name, provider, is_paused) VALUES ($1, $2, $3, $4)
