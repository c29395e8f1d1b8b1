-- Whether this transaction is the one reaper.
SELECT pg_try_advisory_xact_lock(hashtextextended('weir.reaper', 0)) AS is_ours
