-- What tenant $1 has used of its present day.
SELECT weir.local_day(c.now, l.time_zone)::text AS day, l.time_zone, l.runs_per_day AS runs_limit,
       CASE WHEN l.quota_day = weir.local_day(c.now, l.time_zone) THEN l.quota_used ELSE 0 END AS runs_used,
       weir.next_local_day(c.now, l.time_zone) AS resets_at
FROM weir.lane l CROSS JOIN (SELECT weir.clock() AS now) c WHERE l.tenant_id = $1
