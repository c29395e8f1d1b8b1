-- Deletes at most about $2 control rows of tenant $1.
SELECT weir.delete_control_rows($1, $2) AS gone
