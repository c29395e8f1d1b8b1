-- How many data keys master key $1 wraps.
SELECT count(*) AS n FROM weir.tenant_data_key WHERE master_key_id = $1
