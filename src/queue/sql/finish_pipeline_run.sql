-- The end of pipeline run $1, held by token $2: status $3, summary $4, error $5; tried again in $6 milliseconds (null:
-- not), parked until $7; at most $8 retries and $9 interruptions.
SELECT outcome, due_at
FROM weir.finish_pipeline_run($1, $2, $3, $4, $5, make_interval(secs => $6::float8 / 1000), $7, $8, $9)
