-- Nothing in it needs a right.
SELECT split_part(current_setting('server_version'), ' ', 1) AS version, pg_postmaster_start_time() AS started_at,
       current_database()::text AS database, session_user::text AS login,
       pg_database_size(current_database()) AS size_bytes,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS sessions,
       current_setting('max_connections')::bigint AS sessions_max
