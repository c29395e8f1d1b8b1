-- The row of tenant $1's data source $2.
DELETE FROM weir.data_source WHERE tenant_id = $1 AND name = $2
