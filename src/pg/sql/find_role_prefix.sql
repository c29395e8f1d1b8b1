-- The owner of schema weir, null before the first migration.
SELECT current_database()::text AS database,
       (SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'weir') AS owner
