-- Marks the session, not only the transaction, with something nobody else has.
SELECT set_config('weir.doctor_mark', gen_random_uuid()::text, false) AS mark
