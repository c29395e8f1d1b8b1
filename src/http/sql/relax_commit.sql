-- This transaction need not survive a crash of the server.
SELECT set_config('synchronous_commit', 'off', true)
