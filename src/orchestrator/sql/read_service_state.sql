-- Nodes that live, scripts that run and that are parked, the oldest transaction of Weir here and the oldest secret, in
-- seconds
SELECT (SELECT count(*) FROM weir.node WHERE died_at IS NULL AND lease_until > clock_timestamp()) AS nodes,
       (SELECT count(*) FROM weir.data_source_run WHERE status = 'RUNNING') AS running,
       (SELECT count(*) FROM weir.data_source_run WHERE status = 'PARKED') AS parked,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float8 FROM pg_stat_activity
         WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()) AS transaction_age,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(updated_at)), 0)::float8
          FROM weir.tenant_data_source_config WHERE is_secret) AS secret_age
