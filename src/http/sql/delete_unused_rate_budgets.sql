-- Buckets that nobody used for $1 days.
DELETE FROM weir.rate_budget
WHERE date_trunc('day', updated_at AT TIME ZONE 'UTC') < (now() AT TIME ZONE 'UTC') - make_interval(days => $1)
