-- A pipeline of tenant $1: name $2, data sources $3, scripts $4, parameters $5, interval $6 or cron $7 in zone $8, rules $9
-- to $12, spread $13, priority $14, class $15, enabled $16, due at $17. No row: the name is taken.
INSERT INTO weir.tenant_pipeline_configs (tenant_id, name, data_sources, scripts, parameters, every_seconds, cron,
  time_zone, gap_rule, overlap_rule, day_rule, missed, spread_seconds, priority, class, is_enabled, next_fire_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (tenant_id, name) DO NOTHING
RETURNING *
