-- The state of every script of tenant $1 that ever ran, and whether its holder lives.
SELECT data_source, script, status, wake_at, error, run_id,
       status = 'RUNNING' AND weir.is_epoch_alive(epoch) AS is_held
FROM weir.data_source_run WHERE tenant_id = $1
