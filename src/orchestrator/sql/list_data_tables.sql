-- The tables of resources that there are.
SELECT c.relname::text AS name FROM pg_class c
WHERE c.relnamespace = 'data'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
