-- Whether the claim sees tenant $1 as paused, or without an active subscription: $2.
UPDATE weir.data_source SET is_paused = $2 WHERE tenant_id = $1 AND is_paused <> $2
