-- Gives back what nodes that are gone hold: at most $2 runs, each at most $1 times.
SELECT pipeline_run_id, tenant_id, epoch, outcome FROM weir.reap_queue($1, $2)
