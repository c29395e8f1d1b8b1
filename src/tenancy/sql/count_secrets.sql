-- How many secrets there are.
SELECT count(*) AS n FROM weir.tenant_data_source_config WHERE is_secret
