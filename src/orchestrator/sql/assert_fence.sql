-- Fails with lease_lost unless fence $4 is still the right to run script $3 of data source $2 of tenant $1.
SELECT weir.assert_fence($1, $2, $3, $4)
