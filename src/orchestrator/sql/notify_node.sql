-- Says $2 to the node that listens on channel $1.
SELECT pg_notify($1, $2)
