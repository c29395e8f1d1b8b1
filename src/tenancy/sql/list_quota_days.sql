-- The days of tenant $1 that are over, the newest $2, and the one that runs.
SELECT day::text AS day, runs_used, runs_limit FROM (
  SELECT day, runs_used, runs_limit FROM weir.usage_quota WHERE tenant_id = $1
  UNION ALL
  SELECT quota_day, quota_used, runs_per_day FROM weir.lane WHERE tenant_id = $1) d
WHERE day > weir.clock()::date - $2::int ORDER BY day DESC
