-- The orderly end of epoch $1.
UPDATE weir.node SET died_at = clock_timestamp() WHERE epoch = $1 AND died_at IS NULL
