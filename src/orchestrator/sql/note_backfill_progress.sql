-- Backfill $1 has collected everything up to $2. Answers whether an import has asked for the script since the last time.
WITH before AS (
  SELECT id, parameters ? 'yield' AS must_yield FROM weir.scheduled_pipeline_runs WHERE id = $1 FOR UPDATE
)
UPDATE weir.scheduled_pipeline_runs r SET parameters = (r.parameters - '{yield,window}'::text[]) || jsonb_build_object('done_to', $2::text)
FROM before b WHERE r.id = b.id
RETURNING b.must_yield
