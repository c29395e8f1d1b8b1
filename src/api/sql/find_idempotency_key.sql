-- What is known of the idempotency key $2 of API key $1.
SELECT request_hash, http_status, answer FROM weir.idempotency_key WHERE api_key_id = $1 AND key = $2
