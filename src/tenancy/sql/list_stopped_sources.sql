-- Sources of all tenants that are to be imported but need credentials.
SELECT tenant_id, name, needs_credentials AS reason FROM weir.data_source
WHERE needs_credentials IS NOT NULL AND is_enabled AND state = 'ACTIVE' ORDER BY tenant_id, name
