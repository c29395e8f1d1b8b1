-- The roles of Weir's database {{database}} (PostgreSQL 15 or later). Run this in that database, as a superuser, or as its
-- owner with CREATEROLE; running it again changes nothing. Then give the login role its password:
--   \password {{login}}
-- and Weir the URL postgresql://{{login_name}}@HOST/{{database_name}} in WEIR_DATABASE_URL, and run: weir db migrate
--
-- {{login}} logs in and has no right of its own; each transaction takes one of
--   {{owner}}    owns the schemas; migrations
--   {{control}}  the bookkeeping of all tenants
--   {{tenant}}   the rows of one tenant
-- {{reader}} is granted to the roles of analysts.
BEGIN;
DO $weir$
BEGIN
  IF to_regrole('{{owner}}') IS NULL THEN CREATE ROLE {{owner}} NOLOGIN; END IF;
  IF to_regrole('{{control}}') IS NULL THEN CREATE ROLE {{control}} NOLOGIN; END IF;
  IF to_regrole('{{tenant}}') IS NULL THEN CREATE ROLE {{tenant}} NOLOGIN; END IF;
  IF to_regrole('{{reader}}') IS NULL THEN CREATE ROLE {{reader}} NOLOGIN; END IF;
  IF to_regrole('{{login}}') IS NULL THEN CREATE ROLE {{login}} LOGIN NOINHERIT; END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles
             WHERE (rolsuper OR rolbypassrls)
               AND oid IN ('{{owner}}'::regrole, '{{control}}'::regrole, '{{tenant}}'::regrole, '{{reader}}'::regrole,
                           '{{login}}'::regrole)) THEN
    RAISE EXCEPTION 'one of the roles {{owner}}, {{control}}, {{tenant}}, {{reader}}, {{login}} is superuser or has BYPASSRLS'
      USING HINT = 'Row-level security would not hold for it: ALTER ROLE ... NOSUPERUSER NOBYPASSRLS';
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles
             WHERE oid = '{{login}}'::regrole AND (rolinherit OR NOT rolcanlogin)) THEN
    ALTER ROLE {{login}} LOGIN NOINHERIT;
  END IF;
END
$weir$;

GRANT {{owner}}, {{control}}, {{tenant}} TO {{login}};

REVOKE ALL ON DATABASE {{database}} FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE {{database}} TO {{login}}, {{reader}};
GRANT CREATE ON DATABASE {{database}} TO {{owner}};
GRANT TEMPORARY ON DATABASE {{database}} TO {{control}}, {{tenant}};
COMMIT;
