-- Run $1 as a document; at most one row.
SELECT to_jsonb(r) AS document FROM weir.run r WHERE id = $1
