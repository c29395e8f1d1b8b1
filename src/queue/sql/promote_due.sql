-- At most $1 entries, and as many lanes, that have come due are ready.
SELECT weir.promote_due($1) AS woken
