-- Who a transaction acts for, as `chassis/db.py` says at its begin; nobody where nothing was said.
CREATE FUNCTION caller_organization() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('entraide.organization', true);

CREATE FUNCTION caller_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('entraide.role', true);

CREATE FUNCTION caller_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('entraide.person', true), '')::uuid;

-- Puts a table behind row-level security, for its owner as well. In the role for callers the service has the rows of
-- which `condition` is true; in its own role all of them. The owner has none, unless it says that it is here as such:
-- who connects with the migrator's address by mistake sees nothing.
CREATE PROCEDURE wall_in(name text, condition text) LANGUAGE plpgsql AS $$
DECLARE
    service text := current_schema();
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY for_callers ON %I TO %I USING (%s)', name, 'entraide_' || service, condition);
    EXECUTE format('CREATE POLICY by_itself ON %I TO %I USING (true)', name, format('entraide_%s_own', service));
    EXECUTE format('CREATE POLICY as_owner ON %I TO CURRENT_USER USING (caller_role() = %L)', name, 'owner');
END
$$;
REVOKE EXECUTE ON PROCEDURE wall_in FROM PUBLIC;
