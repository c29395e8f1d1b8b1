-- All master keys this database ever used, oldest first.
SELECT id, check_value, created_at, retired_at FROM weir.master_key ORDER BY created_at, id
