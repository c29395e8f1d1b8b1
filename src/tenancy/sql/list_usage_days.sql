-- What the scripts of tenant $1 did in the last $2 days, by day of the UTC calendar.
SELECT (hour AT TIME ZONE 'UTC')::date::text AS day, sum(runs)::bigint AS script_runs, sum(records)::bigint AS records,
       sum(requests)::bigint AS requests, sum(not_modified)::bigint AS not_modified, sum(bytes)::bigint AS bytes,
       sum(run_ms)::bigint AS run_ms
FROM weir.usage_hourly WHERE tenant_id = $1 AND hour > now() - make_interval(days => $2::int) GROUP BY 1 ORDER BY 1 DESC
