-- Scripts RUNNING for nodes that are known dead, or that are not known at all.
SELECT count(*) AS n, min(r.data_source || ' ' || r.script) AS example FROM weir.data_source_run r
WHERE r.status = 'RUNNING'
  AND NOT EXISTS (SELECT FROM weir.node n WHERE n.epoch = r.epoch AND n.died_at IS NULL)
