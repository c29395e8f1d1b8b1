-- The key of the hashes that stand for provider identities.
SELECT key FROM weir.rate_identity_key
