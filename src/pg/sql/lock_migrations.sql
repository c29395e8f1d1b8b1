-- One migration at a time in this database, until the end of the transaction. The number is arbitrary, and only ours.
SELECT pg_advisory_xact_lock(7290128500301)
