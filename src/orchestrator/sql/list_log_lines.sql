-- The lines of run $2 of tenant $1 after line $3, as documents.
SELECT to_jsonb(l) - 'tenant_id' AS document FROM weir.import_log l
WHERE tenant_id = $1 AND run_id = $2 AND line > $3 ORDER BY line
