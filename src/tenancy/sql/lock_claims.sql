-- No claim of tenant $1 is half done, and none begins, until the transaction ends.
SELECT weir.lock_claims($1)
