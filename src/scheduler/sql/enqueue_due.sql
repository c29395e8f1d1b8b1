-- Fires computed for the pipelines $1, each seen with version $2 and planned fire $3: fire $4, the next $5, missed before
-- it $6, skipped $7 (text[] all).
SELECT enqueued, overlapping, skipped, resting, changed
FROM weir.enqueue_due($1::text[]::uuid[], $2::text[]::bigint[], $3::text[]::timestamptz[], $4::text[]::timestamptz[],
                      $5::text[]::timestamptz[], $6::text[]::int[], $7::text[]::boolean[])
