-- The claim of script $3 of data source $2 of tenant $1 by node $4 in epoch $5 for pipeline run $6, while fewer than $7
-- scripts of the tenant run; and in which epoch it is held, if it is.
SELECT c.outcome, c.fence, c.run_id, c.wake_at, c.detail, c.holder_epoch
FROM weir.claim_script($1, $2, $3, $4, $5, $6, $7, false) c
