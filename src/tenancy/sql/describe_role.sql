-- What database role $1 may do: $2, $3, $4, $5 are Weir's reader, owner, control and tenant roles.
SELECT rolcanlogin AS can_login, rolsuper OR rolbypassrls OR rolcreaterole AS is_mighty,
       pg_has_role(oid, $2::name, 'MEMBER') AS is_reader,
       pg_has_role(oid, $3::name, 'MEMBER') OR pg_has_role(oid, $4::name, 'MEMBER')
         OR pg_has_role(oid, $5::name, 'MEMBER') AS is_worker,
       rolconnlimit >= 0 AS has_connection_limit,
       EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
               WHERE s.setrole = r.oid AND setting LIKE 'statement_timeout=%') AS has_statement_timeout
FROM pg_roles r WHERE rolname = $1::name
