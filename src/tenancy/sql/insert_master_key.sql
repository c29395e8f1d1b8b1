-- Registers master key $1 with check value $2.
INSERT INTO weir.master_key (id, check_value) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING
