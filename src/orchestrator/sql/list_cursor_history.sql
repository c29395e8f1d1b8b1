-- What the cursors of script $3 of data source $2 of tenant $1 were, newest first; partition $4 (null: any).
SELECT to_jsonb(h) - 'tenant_id' AS document FROM weir.cursor_history h
WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND ($4::text IS NULL OR partition = $4)
ORDER BY changed_at DESC, version DESC LIMIT 1000
