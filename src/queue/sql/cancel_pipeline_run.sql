-- Ends pipeline run $1, or asks its node to; why: $2.
SELECT outcome, epoch FROM weir.cancel_pipeline_run($1, $2)
