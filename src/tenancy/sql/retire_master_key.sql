-- Master key $1 wraps nothing more; waits for those who hold it.
UPDATE weir.master_key SET retired_at = now() WHERE id = $1 AND retired_at IS NULL
