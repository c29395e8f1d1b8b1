-- How old the data of sources that collect is, as a histogram. $1: upper bounds in seconds, ascending
WITH ages AS (
  SELECT extract(epoch FROM clock_timestamp() - coalesce(last_sync_at, created_at))::float8 AS seconds
    FROM weir.data_source WHERE is_enabled AND NOT is_paused AND state = 'ACTIVE'
)
SELECT (SELECT count(*) FROM ages) AS sources, (SELECT coalesce(sum(seconds), 0) FROM ages) AS seconds,
       to_jsonb(ARRAY(SELECT (SELECT count(*) FROM ages WHERE seconds <= bound)
               FROM unnest($1::float8[]) WITH ORDINALITY AS b (bound, position) ORDER BY position)) AS counts
