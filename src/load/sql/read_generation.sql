-- A listing, and how many of its keys are still there. $1 tenant, $2 data source, $3 script, $4 partition, $5 generation.
SELECT g.seen, g.outcome,
       (SELECT count(*) FROM weir.generation_seen s
        WHERE s.tenant_id = $1 AND s.data_source = $2 AND s.script = $3 AND s.partition = $4 AND s.generation = $5) AS kept
FROM weir.generation g
WHERE g.tenant_id = $1 AND g.data_source = $2 AND g.script = $3 AND g.partition = $4 AND g.generation = $5
