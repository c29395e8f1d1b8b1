-- Which tenant role $1 reads.
SELECT tenant_id FROM weir.reader WHERE role_name = $1::name FOR UPDATE
