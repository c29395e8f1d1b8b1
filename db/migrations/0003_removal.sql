-- Removal of a tenant or a data source in batches: what to delete is read from the catalogue, so that a table added
-- later is never forgotten.

-- The home tables, those of resources too: whatever carries the policy of a tenant's rows.
CREATE FUNCTION weir.home_tables() RETURNS TABLE (name regclass, has_source boolean, has_run boolean)
LANGUAGE sql STABLE AS $$
  SELECT c.oid::regclass,
         EXISTS (SELECT FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attname = 'data_source' AND NOT a.attisdropped),
         EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'run_id' AND NOT a.attisdropped)
  FROM pg_class c
  WHERE c.relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant_rows')
  ORDER BY c.relname = 'data_source', c.oid
$$;
GRANT EXECUTE ON FUNCTION weir.home_tables() TO {{control}}, {{tenant}};

-- Deletes at most about p_limit of a tenant's home rows; 0: none is left. A row's place (ctid) is unique only within a
-- partition, so the tenant is asked for again.
CREATE FUNCTION weir.delete_tenant_rows(p_tenant uuid, p_limit int) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  target record;
  gone bigint;
  total bigint := 0;
BEGIN
  FOR target IN SELECT name FROM weir.home_tables() LOOP
    EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1
                    AND ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2))', target.name)
      USING p_tenant, p_limit - total;
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    EXIT WHEN total >= p_limit;
  END LOOP;
  RETURN total;
END
$$;
GRANT EXECUTE ON FUNCTION weir.delete_tenant_rows(uuid, int) TO {{tenant}};

-- The same for one data source, except its row in weir.data_source. Tables that know only the run (the import log) come
-- first, while the runs still say whose they are.
CREATE FUNCTION weir.delete_source_rows(p_tenant uuid, p_source text, p_limit int) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  target record;
  gone bigint;
  total bigint := 0;
BEGIN
  FOR target IN SELECT name FROM weir.home_tables() WHERE has_run AND NOT has_source LOOP
    EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1 AND run_id = ANY (ARRAY(
                      SELECT r.id FROM weir.run r WHERE r.tenant_id = $1 AND r.data_source = $2
                        AND EXISTS (SELECT FROM %1$s l WHERE l.tenant_id = $1 AND l.run_id = r.id) LIMIT 20))',
                   target.name) USING p_tenant, p_source;
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    IF gone > 0 THEN RETURN total; END IF;
  END LOOP;
  FOR target IN SELECT name FROM weir.home_tables() WHERE has_source LOOP
    EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1 AND data_source = $2
                    AND ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE tenant_id = $1 AND data_source = $2 LIMIT $3))',
                   target.name) USING p_tenant, p_source, p_limit - total;
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    EXIT WHEN total >= p_limit;
  END LOOP;
  RETURN total;
END
$$;
GRANT EXECUTE ON FUNCTION weir.delete_source_rows(uuid, text, int) TO {{tenant}};

-- The tenant's rows of the control group but its own one and the audit record; at most about p_limit of them.
CREATE FUNCTION weir.delete_control_rows(p_tenant uuid, p_limit int) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  target record;
  gone bigint;
  total bigint := 0;
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'weir'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> 'audit_log' AND c.oid NOT IN (SELECT h.name FROM weir.home_tables() h)
    ORDER BY c.oid
  LOOP
    EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1
                    AND ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2))', target.name)
      USING p_tenant, p_limit - total;
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    EXIT WHEN total >= p_limit;
  END LOOP;
  RETURN total;
END
$$;
GRANT EXECUTE ON FUNCTION weir.delete_control_rows(uuid, int) TO {{control}};
