-- The age of Weir's oldest transaction here, in seconds. For the login role: the others may not see when its transactions began.
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float8 AS transaction_age
FROM pg_stat_activity WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()
