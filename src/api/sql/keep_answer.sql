-- The request of the idempotency key $2 of API key $1 was answered with status $3 and body $4, about tenant $5 (or null).
-- Nothing is kept of a tenant that is gone.
UPDATE weir.idempotency_key SET http_status = $3, answer = $4::jsonb, tenant_id = $5::uuid
WHERE api_key_id = $1 AND key = $2
  AND ($5::uuid IS NULL OR EXISTS (SELECT FROM weir.tenant WHERE id = $5 FOR KEY SHARE))
