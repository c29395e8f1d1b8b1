-- The plan $1, locked until the transaction ends.
SELECT * FROM weir.plan WHERE name = $1 FOR UPDATE
