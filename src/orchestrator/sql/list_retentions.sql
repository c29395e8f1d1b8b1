-- Tenants after $1 whose plan keeps their data for some days only, and from when; at most $2.
SELECT t.id, weir.clock() - make_interval(days => p.data_retention_days) AS before
FROM weir.tenant t JOIN weir.subscription s ON s.tenant_id = t.id JOIN weir.plan p ON p.name = s.plan
WHERE p.data_retention_days IS NOT NULL AND t.state <> 'DELETING' AND ($1::uuid IS NULL OR t.id > $1)
ORDER BY t.id LIMIT $2
