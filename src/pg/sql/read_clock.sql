-- The server's clock, now.
SELECT clock_timestamp() AS now
