-- Closes the books of days that are over, of at most $1 lanes.
SELECT weir.archive_quotas($1) AS lanes
