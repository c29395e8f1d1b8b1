-- The newest $5 runs of tenant $1, data source $2, script $3, status $4 (null: any) that are older than the run $6
-- (null: than now), as documents.
SELECT to_jsonb(r) AS document FROM (
  SELECT * FROM weir.run
  WHERE ($1::uuid IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR data_source = $2)
    AND ($3::text IS NULL OR script = $3) AND ($4::text IS NULL OR status = $4)
    AND ($6::uuid IS NULL OR id < $6)
  ORDER BY id DESC LIMIT $5::int) r
