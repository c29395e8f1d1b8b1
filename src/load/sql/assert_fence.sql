-- Proves that the run still has its right, and keeps it until the end of the transaction. $1 tenant, $2 data source,
-- $3 script, $4 fence.
SELECT weir.assert_fence($1, $2, $3, $4)
