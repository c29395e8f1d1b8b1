-- Deletes the plan $1 unless somebody subscribes to it.
DELETE FROM weir.plan p WHERE p.name = $1 AND NOT EXISTS (SELECT FROM weir.subscription s WHERE s.plan = p.name)
RETURNING p.name
