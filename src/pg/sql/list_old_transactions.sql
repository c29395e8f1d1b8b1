-- Transactions of this database that are open for more than $1 seconds, the oldest first; then the sessions of other
-- roles whose transactions may not be seen.
SELECT * FROM (
  SELECT pid, coalesce(usename, '')::text AS role, coalesce(application_name, '') AS application,
         coalesce(state, '') AS state, extract(epoch FROM clock_timestamp() - xact_start)::bigint AS age_seconds,
         false AS is_hidden
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND xact_start < clock_timestamp() - make_interval(secs => $1::float8)
  UNION ALL
  SELECT 0, owner::text, gid, 'prepared', extract(epoch FROM clock_timestamp() - prepared)::bigint, false
  FROM pg_prepared_xacts
  WHERE database = current_database() AND prepared < clock_timestamp() - make_interval(secs => $1::float8)
  UNION ALL
  SELECT pid, coalesce(usename, '')::text, '', '', 0, true
  FROM pg_stat_activity
  WHERE datname = current_database() AND query = '<insufficient privilege>'
) found
ORDER BY is_hidden, age_seconds DESC, pid
