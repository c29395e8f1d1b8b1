-- The request of the idempotency key $2 of API key $1 failed: it may be tried again.
DELETE FROM weir.idempotency_key WHERE api_key_id = $1 AND key = $2 AND http_status IS NULL
