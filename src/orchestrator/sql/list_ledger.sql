-- What run $2 of tenant $1 was told to expect, fetched and committed, by partition, as documents.
SELECT to_jsonb(l) - 'tenant_id' - 'run_id' AS document FROM weir.ledger l
WHERE tenant_id = $1 AND run_id = $2 ORDER BY partition LIMIT 1000
