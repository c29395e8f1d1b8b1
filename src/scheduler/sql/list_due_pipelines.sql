-- At most $3 due pipelines after the one due at $1 with id $2 (null: from the first), and the time.
SELECT id, tenant_id, version, next_fire_at, every_seconds, cron, time_zone, gap_rule, overlap_rule, day_rule, missed,
       spread_seconds, weir.clock() AS now
FROM weir.tenant_pipeline_configs
WHERE next_fire_at <= (SELECT weir.clock()) -- once, or no index would serve it
  AND (next_fire_at, id) > (coalesce($1::timestamptz, '-infinity'), coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))
ORDER BY next_fire_at, id LIMIT $3::int
