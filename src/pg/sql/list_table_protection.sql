-- Every table and view of Weir with what guards its rows. $1 the tenants' role, $2 the readers'.
SELECT format('%I.%I', n.nspname, c.relname) AS name, n.nspname = 'data' AS is_data,
       c.relkind IN ('r', 'p') AS is_table, c.relkind = 'm' AS is_materialized, c.relispartition AS is_partition,
       pg_get_userbyid(c.relowner)::text AS owner,
       c.relrowsecurity AS has_row_security, c.relforcerowsecurity AS is_forced,
       coalesce(obj_description(c.oid, 'pg_class'), '') AS comment,
       EXISTS (SELECT FROM pg_attribute a
               WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant,
       EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o ~* '^security_invoker=(true|on|yes|1)$') AS is_invoker,
       EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0) AS is_public,
       EXISTS (SELECT FROM aclexplode(c.relacl) a
               WHERE a.grantee IN (SELECT r.oid FROM pg_roles r WHERE r.rolname IN ($1, $2))) AS is_granted,
       coalesce((SELECT json_agg(json_build_object(
                   'name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
                   'roles', ARRAY(SELECT coalesce(r.rolname, 'public') FROM unnest(p.polroles) AS of_role
                                  LEFT JOIN pg_roles r ON r.oid = of_role ORDER BY 1),
                   'using', coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
                   'check', coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')) ORDER BY p.polname)
                 FROM pg_policy p WHERE p.polrelid = c.oid), '[]') AS policies
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('weir', 'data') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1
