-- Frees the sources that stopped with one of the reasons $1 (prefixes), whose cause is gone.
UPDATE weir.data_source SET needs_credentials = NULL, updated_at = now()
WHERE needs_credentials IS NOT NULL
  AND EXISTS (SELECT FROM unnest($1::text[]) AS reason WHERE starts_with(needs_credentials, reason))
