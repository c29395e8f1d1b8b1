-- Forgets the validators of a partition. $1 tenant, $2 data source, $3 script, $4 partition.
DELETE FROM weir.validator WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND partition = $4
