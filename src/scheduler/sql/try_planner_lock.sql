-- Whether this transaction is the one planner. Several would do no harm, only the same work.
SELECT pg_try_advisory_xact_lock(hashtextextended('weir.planner', 0)) AS is_ours
