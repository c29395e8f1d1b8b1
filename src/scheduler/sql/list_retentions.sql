-- Tenants after $1 whose plan keeps their data for so many days only; at most $2.
SELECT t.id, p.data_retention_days AS days
FROM weir.tenant t JOIN weir.subscription s ON s.tenant_id = t.id JOIN weir.plan p ON p.name = s.plan
WHERE p.data_retention_days IS NOT NULL AND t.state <> 'DELETING' AND ($1::uuid IS NULL OR t.id > $1)
ORDER BY t.id LIMIT $2
