-- One node at a time creates and widens tables; the lock time-out after it is for the tables themselves.
SELECT pg_advisory_xact_lock(hashtextextended('weir.ensure_resource_table', 0)),
       set_config('lock_timeout', '1s', true)
