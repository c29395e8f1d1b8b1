-- Nodes that live, scripts that run and that are parked, and the oldest secret, in seconds
SELECT (SELECT count(*) FROM weir.node WHERE died_at IS NULL AND lease_until > clock_timestamp()) AS nodes,
       (SELECT count(*) FROM weir.data_source_run WHERE status = 'RUNNING') AS running,
       (SELECT count(*) FROM weir.data_source_run WHERE status = 'PARKED') AS parked,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(updated_at)), 0)::float8
          FROM weir.tenant_data_source_config WHERE is_secret) AS secret_age
