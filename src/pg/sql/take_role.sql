-- SET LOCAL ROLE. $1 its name
SELECT set_config('role', $1, true)
