-- At most $4 records of tenant $1 (null: all), action $2 (null: any), older than the id $3 (null: from now), newest
-- first, as documents; none after those that come to $5 bytes. has_more: whether there is one after it.
SELECT document, has_more FROM (
  SELECT document, row_number() OVER newest AS number, lead(id) OVER newest IS NOT NULL AS has_more,
         sum(octet_length(document::text)) OVER newest - octet_length(document::text) AS bytes_before
  FROM (
    SELECT a.id, to_jsonb(a) - 'tenant_key' || jsonb_build_object('tenant', a.tenant_key) AS document
    FROM weir.audit_log a
    WHERE ($1::uuid IS NULL OR a.tenant_id = $1) AND ($2::text IS NULL OR a.action = $2)
      AND ($3::uuid IS NULL OR a.id < $3)
    ORDER BY a.id DESC LIMIT $4::int + 1) AS listed
  WINDOW newest AS (ORDER BY id DESC)) AS numbered
WHERE number <= $4::int AND bytes_before < $5::bigint
ORDER BY number
