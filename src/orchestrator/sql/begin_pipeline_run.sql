-- A manual pipeline run of tenant $1, asked for by $2 with the parameters $3, worked by node $4 in epoch $5.
INSERT INTO weir.scheduled_pipeline_runs (tenant_id, trigger, user_id, parameters, node_id, epoch)
VALUES ($1, 'manual', $2, $3, $4, $5) RETURNING id
