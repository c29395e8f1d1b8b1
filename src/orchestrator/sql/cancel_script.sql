-- Takes the right from whoever runs script $3 of data source $2 of tenant $1, with reason $4.
SELECT weir.replace_fence($1, $2, $3, 'CANCELLED', $4) AS interrupted
