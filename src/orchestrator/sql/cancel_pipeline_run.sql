-- Ends pipeline run $1 where it waits, or asks its node to; why: $2. No row: it is over.
SELECT outcome FROM weir.cancel_pipeline_run($1, $2) WHERE outcome IN ('cancelled', 'asked')
