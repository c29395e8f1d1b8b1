-- Weekly partitions whose last instant is further back than their table keeps ($1 names, $2 days): attached, half
-- detached by somebody who was interrupted, or detached and not yet dropped. The oldest first, at most $3.
SELECT format('%I', c.relname) AS partition, format('%I', k.name) AS parent,
       CASE WHEN i.inhrelid IS NULL THEN 'loose' WHEN i.inhdetachpending THEN 'pending' ELSE 'attached' END AS state
FROM unnest($1::text[], $2::text[]::int[]) AS k (name, days)
JOIN pg_class c ON c.relnamespace = 'weir'::regnamespace AND c.relkind = 'r'
  AND c.relname ~ ('^' || k.name || '_[0-9]{8}$')
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE to_date(right(c.relname, 8), 'YYYYMMDD') + 7 < (weir.clock() AT TIME ZONE 'UTC')::date - k.days
ORDER BY right(c.relname, 8), c.relname LIMIT $3
