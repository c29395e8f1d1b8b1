-- At most $2 plans after the name $1, by name.
SELECT * FROM weir.plan WHERE name > $1 ORDER BY name LIMIT $2::int
