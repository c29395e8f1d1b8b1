-- Takes the right from every run of tenant $1, data source $2 (null: all), leaving it status $3 and reason $4.
SELECT weir.replace_fences($1, $2, $3, $4) AS interrupted
