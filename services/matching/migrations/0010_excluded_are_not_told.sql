-- Whether a State does not wish to be served by an organization. A provider's reading finds no row of `wanted_request`,
-- where all whom a State excludes stand side by side; so this answers as the owner, yes or no, of one at a time.
CREATE FUNCTION excludes(of_request uuid, organization text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET entraide.role = 'owner'
RETURN EXISTS (SELECT FROM wanted_request AS r
    WHERE r.request_id = of_request AND organization = ANY (r.excluded_providers));

-- Whether a consent in force lets an organization know of a request, whose State does not exclude it: else it would find
-- that its offering does not fit, and know why. `WantedLine.may_be_told_to` says the same in Python.
CREATE OR REPLACE FUNCTION told(of_request uuid, organization text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM heard_consent AS c
    WHERE c.request_id = of_request AND c.withdrawn_at IS NULL AND c.ended_at IS NULL
      AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR now() < c.ends_at)
      AND names(c.recipients, organization)
) AND NOT excludes(of_request, organization);
