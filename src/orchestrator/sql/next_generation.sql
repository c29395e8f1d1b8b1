-- A number for a listing that begins again within its run.
SELECT nextval('weir.fence_seq') AS generation
