-- Removes nodes that died over a day ago and left nothing behind; how many.
WITH forgotten AS (
  DELETE FROM weir.node n
  WHERE n.died_at < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM weir.data_source_run r WHERE r.epoch = n.epoch AND r.status = 'RUNNING')
  RETURNING 1)
SELECT count(*) AS forgotten FROM forgotten
