-- The parked pipeline runs of tenant $1 go on now. In control scope, before anything of its home tables is locked.
SELECT weir.wake_parked_runs($1) AS woken
