-- Pipeline run $1 of the queue collects the range that the parameters $2 name. How far it came itself, or else the newest
-- one before it with the same parameters, unless that came to its end.
UPDATE weir.scheduled_pipeline_runs h SET parameters = coalesce((
    SELECT l.parameters - 'yield' FROM (
      SELECT r.parameters, r.status FROM weir.scheduled_pipeline_runs r
      WHERE r.tenant_id = h.tenant_id AND r.id < h.id AND r.parameters ? 'from'
        AND r.parameters - '{done_to,window,yield}'::text[] = $2::jsonb
      ORDER BY r.id DESC LIMIT 1) l
    WHERE l.status NOT IN ('COMPLETED', 'COMPLETED_WITH_GAPS')), '{}') || h.parameters || $2::jsonb
WHERE h.id = $1
RETURNING (parameters ->> 'done_to')::timestamptz AS done_to, parameters -> 'window' AS "window"
