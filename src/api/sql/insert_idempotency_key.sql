-- Makes the idempotency key $2 of API key $1 ours for the request $4 about tenant $3 (or null): it is new, a day old, or
-- its first request never ended. No row: it is somebody else's.
INSERT INTO weir.idempotency_key AS i (api_key_id, key, tenant_id, request_hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (api_key_id, key) DO UPDATE
  SET tenant_id = excluded.tenant_id, request_hash = excluded.request_hash, http_status = NULL, answer = NULL, created_at = now()
  WHERE i.created_at < now() - interval '1 day'
     OR (i.http_status IS NULL AND i.created_at < now() - interval '10 minutes')
RETURNING i.key
