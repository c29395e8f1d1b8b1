-- A run of tenant $1, pipeline $2 (null: of its own), class $3, priority $4, asked for by $5, with parameters $6.
SELECT outcome, run_id, quota_limit, quota_used, quota_resets_at
FROM weir.enqueue_run($1, $2, $3::smallint, $4::smallint, $5, $6)
