-- Where lanes say something else than the queue holds; mended.
SELECT tenant_id, what, said, is_so FROM weir.recount_lanes()
