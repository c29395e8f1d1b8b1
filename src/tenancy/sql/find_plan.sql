-- The plan $1.
SELECT * FROM weir.plan WHERE name = $1
