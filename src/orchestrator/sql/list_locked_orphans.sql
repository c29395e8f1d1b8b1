-- Dead epochs that still have RUNNING scripts: a backend of theirs holds the row.
SELECT DISTINCT r.epoch FROM weir.data_source_run r
WHERE r.status = 'RUNNING' AND r.epoch IN (SELECT n.epoch FROM weir.node n WHERE n.died_at IS NOT NULL)
