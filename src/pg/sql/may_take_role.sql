-- Whether the login role may take role $1.
SELECT pg_has_role(session_user, $1, 'MEMBER') AS may
