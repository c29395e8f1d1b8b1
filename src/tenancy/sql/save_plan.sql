-- Makes or changes the plan $1: runs a day $2 (null: no limit), concurrent runs $3, weight $4, days data is kept $5.
INSERT INTO weir.plan AS p (name, runs_per_day, concurrent_runs, weight, data_retention_days)
VALUES ($1, $2::int, $3::int, $4::int, $5::int)
ON CONFLICT (name) DO UPDATE
  SET runs_per_day = excluded.runs_per_day, concurrent_runs = excluded.concurrent_runs, weight = excluded.weight,
      data_retention_days = excluded.data_retention_days, updated_at = now()
RETURNING p.*
