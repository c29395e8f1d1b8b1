-- The parked runs of tenant $1 are due now.
SELECT weir.wake_parked_runs($1) AS woken
