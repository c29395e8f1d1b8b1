-- Master key $1; it cannot be retired until the transaction ends.
SELECT check_value, retired_at FROM weir.master_key WHERE id = $1 FOR SHARE
