-- At most $3 runs for node $1 in epoch $2; $4: whether their class counts for nothing.
SELECT pipeline_run_id, tenant_id, pipeline_id, class, token, attempt, interruptions, was_parked, fire_at, due_at, user_id,
       parameters
FROM weir.claim_pipeline_runs($1, $2, $3, $4)
