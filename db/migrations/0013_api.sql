-- API keys, and whose idempotency keys are.

-- Shown once as weir_<prefix>_<secret>; the secret has 256 random bits, so a plain hash of it is as good as a slow one.
CREATE TABLE weir.api_key (
  id uuid PRIMARY KEY DEFAULT weir.uuid_v7(),
  prefix text NOT NULL UNIQUE CHECK (prefix ~ '^[0-9a-f]{12}$'),
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  scope text NOT NULL CHECK (scope IN ('admin', 'tenant:read', 'tenant:write')),
  tenant_id uuid,                   -- null: of the operator
  created_by text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  CHECK ((scope = 'admin') = (tenant_id IS NULL))
);
COMMENT ON TABLE weir.api_key IS 'control: who may use the API; never the key itself';
CREATE INDEX api_key_tenant ON weir.api_key (tenant_id, id);

-- Each API key has its own: two callers never meet in one.
ALTER TABLE weir.idempotency_key
  ADD COLUMN api_key_id uuid NOT NULL,
  DROP CONSTRAINT idempotency_key_tenant_id_key_key,
  ADD PRIMARY KEY (api_key_id, key);
CREATE INDEX idempotency_key_tenant ON weir.idempotency_key (tenant_id) WHERE tenant_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON weir.api_key TO {{control}};
