-- Where migrations leave their mark; as the owner role.
CREATE SCHEMA IF NOT EXISTS weir;
CREATE TABLE IF NOT EXISTS weir.schema_migration (
  number int PRIMARY KEY,
  what text NOT NULL,
  checksum text NOT NULL,
  schema_release int NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE weir.schema_migration IS 'control: the migrations that were applied';
GRANT USAGE ON SCHEMA weir TO {{control}}, {{tenant}}, {{reader}};
GRANT SELECT ON weir.schema_migration TO {{control}}
