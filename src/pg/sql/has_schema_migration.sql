-- Whether the database has been migrated at all; needs no right on the schema.
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'weir' AND c.relname = 'schema_migration') AS found
