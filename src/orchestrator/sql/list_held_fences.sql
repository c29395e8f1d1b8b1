-- The fences that epoch $1 still has the right to.
SELECT fence FROM weir.data_source_run WHERE epoch = $1 AND status = 'RUNNING'
