-- The mark that this session was given; empty when it is another one.
SELECT coalesce(current_setting('weir.doctor_mark', true), '') AS mark
