-- What the service does for itself: which job ran when, and how it ended.

CREATE TABLE weir.upkeep_job (
  name text PRIMARY KEY CHECK (name ~ '^[a-z-]{1,40}$'),
  period_seconds bigint NOT NULL CHECK (period_seconds > 0),
  started_at timestamptz NOT NULL,  -- of the last time; its next is a period later
  ended_at timestamptz,             -- of the last one that came to an end
  busy_until timestamptz,           -- somebody is at it; later than this it is taken for gone
  node text,                        -- who
  result jsonb,                     -- of the last one that succeeded
  error text,                       -- of the last one; null: it succeeded
  runs bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE weir.upkeep_job IS 'control: the jobs that the service does for itself';
GRANT SELECT, INSERT, UPDATE ON weir.upkeep_job TO {{control}};

GRANT EXECUTE ON FUNCTION weir.uuid_v7_floor(timestamptz) TO {{control}};
