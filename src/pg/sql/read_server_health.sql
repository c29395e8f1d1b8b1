-- What `weir doctor` judges of a server; nothing in it needs a right.
SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
       current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() AS is_standby,
       current_setting('default_transaction_read_only')::boolean AS is_read_only,
       current_setting('fsync')::boolean AS has_fsync,
       current_setting('full_page_writes')::boolean AS has_full_page_writes,
       current_setting('synchronous_commit') <> 'off' AS commits_wait,
       current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean AS has_autovacuum,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS sessions,
       current_setting('max_connections')::bigint AS sessions_max
