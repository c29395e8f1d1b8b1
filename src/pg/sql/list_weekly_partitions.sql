-- Of each table partitioned by week: whether this week and the three after it are attached.
SELECT format('%I.%I', 'weir', p.relname) AS parent, i AS weeks_ahead,
       EXISTS (SELECT FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
               WHERE h.inhparent = p.oid
                 AND c.relname = p.relname || '_' || to_char(date_trunc('week', now() AT TIME ZONE 'UTC')
                                                             + make_interval(weeks => i), 'YYYYMMDD')) AS is_there
FROM pg_class p CROSS JOIN generate_series(0, 3) i
WHERE p.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'weir') AND p.relkind = 'p'
ORDER BY 1, 2
