-- Whether epoch $3 still holds pipeline run $1 by token $2, and is alive.
SELECT EXISTS (SELECT FROM weir.pipeline_execution_queue
               WHERE pipeline_run_id = $1 AND token = $2 AND epoch = $3 AND state = 'leased')
       AND weir.is_epoch_alive($3) AS is_ours
