-- The row of tenant $1.
DELETE FROM weir.tenant WHERE id = $1
