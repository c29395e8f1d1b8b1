-- History of a script that did not run: tenant $1, data source $2, script $3, pipeline run $4, user $5, status $6 (SKIPPED
-- or FAILED), why $7. Nothing of a data source that is gone; its removal waits for this row.
INSERT INTO weir.run (tenant_id, id, data_source, script, pipeline_run_id, user_id, status, reason, error, completed_at)
SELECT $1, weir.uuid_v7(), $2, $3, $4, $5, $6, CASE WHEN $6 = 'SKIPPED' THEN $7 END, CASE WHEN $6 = 'FAILED' THEN $7 END,
       clock_timestamp()
FROM weir.data_source s WHERE s.tenant_id = $1 AND s.name = $2 FOR KEY SHARE
