-- Makes what is missing of this week's partitions and of those after it.
SELECT weir.ensure_partitions(weir.clock()) AS made
