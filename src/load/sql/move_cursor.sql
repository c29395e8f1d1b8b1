-- Moves a partition's cursor by compare-and-set. $1 tenant, $2 data source, $3 script, $4 partition, $5 title,
-- $6 expected version, $7 cursor, $8 state, $9 and $10 the open pass, $11 resume, $12 generation, $13 declaration hash,
-- $14 whether the pass is complete, $15 run.
SELECT $4::text AS partition,
       weir.move_cursor($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS version
