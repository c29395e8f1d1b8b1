-- History of a script that did not run: tenant $1, data source $2, script $3, pipeline run $4, user $5, reason $6.
INSERT INTO weir.run (tenant_id, id, data_source, script, pipeline_run_id, user_id, status, reason, completed_at)
VALUES ($1, weir.uuid_v7(), $2, $3, $4, $5, 'SKIPPED', $6, clock_timestamp())
