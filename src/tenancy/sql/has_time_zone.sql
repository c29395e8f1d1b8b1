-- Whether the server knows the time zone $1.
SELECT EXISTS (SELECT FROM pg_catalog.pg_timezone_names WHERE name = $1) AS is_known
