-- Tells every node that something became ready.
SELECT pg_notify('weir_queue', '')
