-- One at a time decides which master keys there are, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('weir.master_key', 0))
