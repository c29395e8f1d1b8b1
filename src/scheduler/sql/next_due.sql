-- In how many milliseconds the next pipeline is due; null: none is planned.
SELECT greatest(extract(epoch FROM min(next_fire_at) - weir.clock()) * 1000, 0)::bigint AS in_ms
FROM weir.tenant_pipeline_configs WHERE next_fire_at IS NOT NULL
