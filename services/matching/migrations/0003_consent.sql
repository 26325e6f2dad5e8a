-- What the requests service told of consents: by its facts, and asked every two seconds. `revision` is the request's, so
-- that what is heard late or twice changes nothing.
CREATE TABLE heard_consent (
    consent_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    recipients text[] NOT NULL,
    fields text[] NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    ended_at timestamptz,
    recorded boolean NOT NULL
);
CREATE INDEX heard_consent_request ON heard_consent (request_id);

-- How far consents have been read, and when the last reading that came to its end was begun.
CREATE TABLE consent_reading (
    owner text PRIMARY KEY,
    after text NOT NULL,
    heard_at timestamptz NOT NULL
);
INSERT INTO consent_reading (owner, after, heard_at) VALUES ('requests', '0.0', '-infinity');

-- True where the organization is among the recipients; contracts/consents.py says the same in Python.
CREATE FUNCTION names(recipients text[], organization text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'providers' = ANY (recipients) OR organization = ANY (recipients)
    OR ('unodc_units' = ANY (recipients) AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

-- Whether a consent in force lets an organization know of a request.
CREATE FUNCTION told(of_request uuid, organization text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM heard_consent AS c
    WHERE c.request_id = of_request AND c.withdrawn_at IS NULL AND c.ended_at IS NULL
      AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR now() < c.ends_at)
      AND names(c.recipients, organization)
);

CALL wall_in('heard_consent', 'oversees(caller_role()) OR is_own(state)
    OR (caller_role() = ''provider_officer'' AND names(recipients, caller_organization()))');

-- What was agreed stays with those who agreed; until then a provider outside UNODC sees what it is told of.
CREATE OR REPLACE FUNCTION may_see(m match, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('coordinator', 'auditor', 'service') THEN true
    WHEN role IN ('focal_point', 'official') THEN m.state = organization AND m.presented_at IS NOT NULL
    WHEN role = 'provider_officer' THEN
        m.provider = organization AND (m.presented_at IS NOT NULL OR m.interested_at IS NOT NULL)
        AND (m.confirmed_at IS NOT NULL OR organization = 'UNODC' OR starts_with(organization, 'UNODC-')
             OR told(m.request_id, organization))
    ELSE false
END;
