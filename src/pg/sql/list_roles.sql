-- The session's login role and the four of Weir. $1: their names.
SELECT r.rolname::text AS name, r.rolsuper AS is_superuser, r.rolbypassrls AS bypasses_rls,
       r.rolname = session_user AS is_login,
       r.rolname <> session_user AND pg_has_role(session_user, r.oid, 'USAGE') AS is_inherited,
       pg_has_role(session_user, r.oid, 'MEMBER') AS is_member
FROM pg_roles r
WHERE r.rolname = session_user OR r.rolname = ANY ($1::text[])
ORDER BY r.rolname <> session_user, r.rolname
