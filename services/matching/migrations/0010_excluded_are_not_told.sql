-- By whom a State does not wish to be served, for each request a row for each: a provider's reading finds its own alone,
-- and no row of `wanted_request`, where all of them stand side by side.
CREATE TABLE excluded_provider (
    request_id uuid NOT NULL REFERENCES wanted_request ON DELETE CASCADE,
    provider text NOT NULL,
    PRIMARY KEY (request_id, provider)
);
INSERT INTO excluded_provider (request_id, provider)
SELECT request_id, unnest(excluded_providers) FROM wanted_request ON CONFLICT DO NOTHING;

CREATE FUNCTION keep_excluded_providers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM excluded_provider WHERE request_id = NEW.request_id AND provider <> ALL (NEW.excluded_providers);
    INSERT INTO excluded_provider (request_id, provider)
    SELECT NEW.request_id, unnest(NEW.excluded_providers) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER excluded_providers_kept AFTER INSERT OR UPDATE OF excluded_providers ON wanted_request
FOR EACH ROW EXECUTE FUNCTION keep_excluded_providers();

CALL wall_in('excluded_provider', 'oversees(caller_role()) OR is_offered(provider)');

-- Whether a consent in force lets an organization know of a request, whose State does not exclude it: else it would find
-- that its offering does not fit, and know why. `WantedLine.may_be_told_to` says the same in Python.
CREATE OR REPLACE FUNCTION told(of_request uuid, organization text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM heard_consent AS c
    WHERE c.request_id = of_request AND c.withdrawn_at IS NULL AND c.ended_at IS NULL
      AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR now() < c.ends_at)
      AND names(c.recipients, organization)
) AND NOT EXISTS (SELECT FROM excluded_provider AS e WHERE e.request_id = of_request AND e.provider = organization);
