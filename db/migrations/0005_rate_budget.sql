-- Rate budgets: what all nodes together know of each limit of each provider identity, and who may use how much of it.

CREATE TABLE weir.rate_budget (
  identity text NOT NULL CHECK (identity ~ '^[0-9a-f]{64}$'), -- a keyed hash of provider host and user or token
  bucket text NOT NULL CHECK (length(bucket) BETWEEN 1 AND 200), -- '*': everything asked with this identity
  version bigint NOT NULL,          -- grows with every change: the compare-and-set value
  limit_units bigint,               -- of a window, as the provider last said
  remaining bigint,
  refill bigint,                    -- what the end of a window gives back; null: everything
  reset_at timestamptz,
  wait_until timestamptz,           -- told to wait: nothing starts before
  hold_until timestamptz,           -- set at once by whoever was told, until its report says for how long
  wait_reason text NOT NULL DEFAULT '',
  strikes int NOT NULL DEFAULT 0,   -- waits without a length told in a row
  state jsonb NOT NULL,             -- what each node holds, and what each tenant used of the window
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (identity, bucket)
) WITH (fillfactor = 50);
COMMENT ON TABLE weir.rate_budget IS 'control: limits of provider identities, shared by all nodes and tenants';
CREATE INDEX rate_budget_unused ON weir.rate_budget (date_trunc('day', updated_at AT TIME ZONE 'UTC'));

-- The key of those hashes, so that a copy of the table alone says nothing about a token.
CREATE TABLE weir.rate_identity_key (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  key bytea NOT NULL CHECK (octet_length(key) = 32)
);
COMMENT ON TABLE weir.rate_identity_key IS 'control: the key of the hashes in rate_budget; exactly one row';
INSERT INTO weir.rate_identity_key (key)
  SELECT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');

GRANT SELECT, INSERT, UPDATE, DELETE ON weir.rate_budget TO {{control}};
GRANT SELECT ON weir.rate_identity_key TO {{control}};
