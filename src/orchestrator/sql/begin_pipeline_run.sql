-- A manual pipeline run of tenant $1, asked for by $2 with the parameters $3, worked by node $4 in epoch $5. None when the
-- tenant is gone or going: its removal waits for this row, or this for the removal.
INSERT INTO weir.scheduled_pipeline_runs (tenant_id, trigger, user_id, parameters, node_id, epoch)
SELECT t.id, 'manual', $2, $3, $4, $5 FROM weir.tenant t WHERE t.id = $1 AND t.state <> 'DELETING' FOR SHARE
RETURNING id
