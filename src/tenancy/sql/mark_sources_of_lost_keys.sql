-- Stops every source with a secret under master keys $1, for reason $2.
UPDATE weir.data_source d SET needs_credentials = $2, updated_at = now()
WHERE EXISTS (SELECT FROM weir.tenant_data_source_config c
              JOIN weir.tenant_data_key k ON k.tenant_id = c.tenant_id AND k.id = c.data_key_id
              WHERE c.tenant_id = d.tenant_id AND c.data_source = d.name AND c.is_secret
                AND k.master_key_id = ANY ($1::text[]))
