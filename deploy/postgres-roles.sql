-- The login roles of a deployment. Run once as superuser, in the database of Entraide; again after a change:
--
--   psql --no-psqlrc --file postgres-roles.sql "$SUPERUSER_URL"
--
-- Passwords come from the environment: POSTGRES_PASSWORD_MIGRATOR, POSTGRES_PASSWORD_REQUESTS and so on. Run before
-- the first `entraide migrate` it creates the services' roles as that would, so that the migrator needs no CREATEROLE;
-- run after it, it uses the existing ones.
--
--   entraide_migrator          owns the database and every schema        DATABASE_URL
--   entraide_<service>         acts for callers, on the rows that row-level security allows; no login
--   entraide_<service>_own     does a service's own work, on all rows of its schema; no login
--   entraide_<service>_login   may become only these two                 DATABASE_URL_<SERVICE>
--
-- To change a password without downtime, create entraide_<service>_login_2 likewise, let the service use it, and drop
-- the first.

\set ON_ERROR_STOP on
\getenv migrator_password POSTGRES_PASSWORD_MIGRATOR
\getenv requests_password POSTGRES_PASSWORD_REQUESTS
\getenv matching_password POSTGRES_PASSWORD_MATCHING
\getenv pledges_password POSTGRES_PASSWORD_PLEDGES
\getenv delivery_password POSTGRES_PASSWORD_DELIVERY
\getenv sherloc_password POSTGRES_PASSWORD_SHERLOC
\getenv notifications_password POSTGRES_PASSWORD_NOTIFICATIONS
\getenv directory_password POSTGRES_PASSWORD_DIRECTORY
\getenv reports_password POSTGRES_PASSWORD_REPORTS
\getenv console_password POSTGRES_PASSWORD_CONSOLE

BEGIN;

-- Keep statements with a password out of the server's log.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL password_encryption = 'scram-sha-256';
SET LOCAL client_min_messages = 'warning';

DO $$
DECLARE
    service text;
    login text;
    becomes text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'entraide_migrator') THEN
        CREATE ROLE entraide_migrator;
    END IF;
    ALTER ROLE entraide_migrator LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5;
    -- A migration waits 5 s at most for a lock; its statements on large tables may take longer.
    ALTER ROLE entraide_migrator SET statement_timeout = 0;
    EXECUTE format('ALTER DATABASE %I OWNER TO entraide_migrator', current_database());
    -- Only the roles below may connect, and none may create tables, temporary ones included.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    FOREACH service IN ARRAY ARRAY['requests', 'matching', 'pledges', 'delivery', 'sherloc', 'notifications', 'directory', 'reports', 'console'] LOOP
        login := format('entraide_%s_login', service);
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I', login);
        END IF;
        -- Twelve connections for each of four processes, and one for inspection.
        EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT
            CONNECTION LIMIT 49', login);
        FOREACH becomes IN ARRAY ARRAY['entraide_' || service, format('entraide_%s_own', service)] LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = becomes) THEN
                EXECUTE format('CREATE ROLE %I', becomes);
            END IF;
            EXECUTE format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION
                NOINHERIT', becomes);
            EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', becomes, login);
            -- `entraide parked` and `entraide doctor` use a service's own privileges.
            EXECUTE format('GRANT %I TO entraide_migrator WITH INHERIT FALSE, SET TRUE', becomes);
        END LOOP;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), login);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET role = %L', login, current_database(), 'entraide_' || service);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I', login, current_database(), service);
    END LOOP;
END
$$;

ALTER ROLE entraide_migrator PASSWORD :'migrator_password';
ALTER ROLE entraide_requests_login PASSWORD :'requests_password';
ALTER ROLE entraide_matching_login PASSWORD :'matching_password';
ALTER ROLE entraide_pledges_login PASSWORD :'pledges_password';
ALTER ROLE entraide_delivery_login PASSWORD :'delivery_password';
ALTER ROLE entraide_sherloc_login PASSWORD :'sherloc_password';
ALTER ROLE entraide_notifications_login PASSWORD :'notifications_password';
ALTER ROLE entraide_directory_login PASSWORD :'directory_password';
ALTER ROLE entraide_reports_login PASSWORD :'reports_password';
ALTER ROLE entraide_console_login PASSWORD :'console_password';

COMMIT;
