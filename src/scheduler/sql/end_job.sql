-- Job $1, ours since $2, is done: result $3, or error $4.
UPDATE weir.upkeep_job SET ended_at = weir.clock(), busy_until = NULL, result = coalesce($3::jsonb, result), error = $4::text,
    runs = runs + 1, failures = failures + CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END
WHERE name = $1 AND started_at = $2
