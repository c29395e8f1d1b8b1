-- Proves that the run still has its right, and keeps it until the end of the transaction. $1 tenant, $2 data source,
-- $3 script, $4 fence, $5 run, $6 how many checkpoints the run had committed before.
SELECT weir.assert_checkpoint($1, $2, $3, $4, $5, $6)
