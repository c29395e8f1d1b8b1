-- The request of the idempotency key $2 of API key $1 was answered with status $3 and body $4.
UPDATE weir.idempotency_key SET http_status = $3, answer = $4::jsonb WHERE api_key_id = $1 AND key = $2
