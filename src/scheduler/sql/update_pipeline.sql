-- All data of pipeline $2 of tenant $1: name $3, data sources $4, scripts $5, parameters $6, interval $7 or cron $8 in zone
-- $9, rules $10 to $13, spread $14, priority $15, class $16, enabled $17, due at $18. No row: the name is another's.
UPDATE weir.tenant_pipeline_configs
SET name = $3, data_sources = $4, scripts = $5, parameters = $6, every_seconds = $7, cron = $8, time_zone = $9,
    gap_rule = $10, overlap_rule = $11, day_rule = $12, missed = $13, spread_seconds = $14, priority = $15, class = $16,
    is_enabled = $17, next_fire_at = $18, plan_error = NULL, version = version + 1, updated_at = now()
WHERE tenant_id = $1 AND id = $2
  AND NOT EXISTS (SELECT FROM weir.tenant_pipeline_configs o WHERE o.tenant_id = $1 AND o.name = $3 AND o.id <> $2)
RETURNING *
