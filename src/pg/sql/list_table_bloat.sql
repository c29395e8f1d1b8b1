-- Live and dead rows of Weir's tables, partitions one by one, as the statistics estimate them.
SELECT format('%I.%I', s.schemaname, s.relname) AS name, s.n_live_tup AS rows_live, s.n_dead_tup AS rows_dead,
       EXISTS (SELECT FROM unnest(c.reloptions) o
               WHERE o ~* '^autovacuum_enabled=(false|off|no|0)$') AS is_vacuum_off
FROM pg_stat_all_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.schemaname IN ('weir', 'data')
ORDER BY s.n_dead_tup DESC, 1
