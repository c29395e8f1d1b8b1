-- How the answer that the last complete pass of a partition began with is asked for again: "is it still this one?". And
-- what a run's requests cost of a provider's budget.

CREATE TABLE weir.validator (
  tenant_id uuid NOT NULL,
  data_source text NOT NULL,
  script text NOT NULL,
  partition text NOT NULL,
  request text NOT NULL,            -- a hash of what was asked, by whom, and of what else its rows were made of
  etag text,
  last_modified text,
  shown_from timestamptz,           -- the answer showed everything newer; null: the whole listing
  declaration_hash text NOT NULL,   -- of the script; of no use for another declaration
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, data_source, script, partition, request)
);
COMMENT ON TABLE weir.validator IS 'home: ETags of the answers that the rows are made of, for conditional requests';
SELECT weir.protect_home_table('weir.validator');

ALTER TABLE weir.run ADD COLUMN points bigint NOT NULL DEFAULT 0;
ALTER TABLE weir.usage_hourly ADD COLUMN points bigint NOT NULL DEFAULT 0;
