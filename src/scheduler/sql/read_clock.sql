-- The time by which pipelines are due.
SELECT weir.clock() AS now
