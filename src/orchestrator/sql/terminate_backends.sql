-- Ends the sessions of this login role whose application name is in $1 (text[]). As the login role itself.
SELECT count(pg_terminate_backend(a.pid)) AS ended FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.usename = session_user AND a.application_name = ANY ($1)
  AND a.pid <> pg_backend_pid()
