-- Whether there is an API key of the operator that is valid now.
SELECT EXISTS (SELECT FROM weir.api_key
               WHERE scope = 'admin' AND revoked_at IS NULL AND coalesce(expires_at > now(), true)) AS has_one
