-- Sets the cursors of script $3 of data source $2 of tenant $1, partition $4 (null: all), to instant $5 (null: nothing
-- collected yet) without state and without an open pass, for reason $6 by user $7. The value before stays in the history.
WITH changed AS (
  UPDATE weir.partition_cursor SET version = version + 1, cursor_at = $5::timestamptz, state = NULL, pass_start = NULL,
    pass_end = NULL, resume = NULL, generation = NULL, unreachable = NULL, probe_at = NULL, updated_at = clock_timestamp()
  WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND ($4::text IS NULL OR partition = $4)
  RETURNING partition, version, cursor_at),
forgotten AS (
  DELETE FROM weir.validator
  WHERE tenant_id = $1 AND data_source = $2 AND script = $3 AND ($4::text IS NULL OR partition = $4)),
kept AS (
  INSERT INTO weir.cursor_history AS h (tenant_id, data_source, script, partition, version, cursor_at, reason, user_id)
  SELECT $1, $2, $3, partition, version, cursor_at, $6, $7 FROM changed
  ON CONFLICT (tenant_id, data_source, script, partition, version) DO NOTHING)
SELECT count(*) AS changed FROM changed
