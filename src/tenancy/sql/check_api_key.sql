-- Whether the API key with the id $1 is valid now; no row when it is gone.
SELECT revoked_at IS NULL AND coalesce(expires_at > now(), true) AS is_valid FROM weir.api_key WHERE id = $1
