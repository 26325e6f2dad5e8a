-- Before the first release, with the services stopped: tables may be locked, and are short.
-- squawk-ignore-file constraint-missing-not-valid, require-concurrent-index-creation
SET LOCAL entraide.role = 'owner';

-- A consent names its recipients, the fields it gives and its period. What is not said gives nothing to anybody, so that
-- a program that does not know of these columns shows less, never more.
ALTER TABLE consent
    ADD COLUMN recipients text[] NOT NULL DEFAULT '{}',
    ADD COLUMN fields text[] NOT NULL DEFAULT '{codes}'
        CHECK (fields <@ ARRAY['codes', 'words', 'institution']),
    ADD COLUMN starts_at timestamptz,
    ADD COLUMN ends_at timestamptz CHECK (ends_at > coalesce(starts_at, given_at)),
    ADD COLUMN ended_at timestamptz,
    -- A coordinator wrote it down; its note verbale stands in consent_text.
    ADD COLUMN recorded boolean NOT NULL DEFAULT false;

-- Until now a consent gave everything to whom the visibility names, and ended when the request was revised.
UPDATE consent SET
    fields = '{codes,words,institution}',
    recipients = CASE
        WHEN visibility IN ('providers', 'public_summary') THEN '{providers}'
        WHEN visibility = 'named' THEN addressed_states || CASE WHEN addressee = 'unodc' THEN '{unodc_units}' ELSE '{}' END::text[]
        ELSE '{}'
    END,
    ended_at = CASE WHEN withdrawn_at IS NULL THEN (
        SELECT min(told.at) FROM journal AS j,
            LATERAL (SELECT coalesce(j.event -> 'data' ->> 'revised_at', j.event -> 'data' ->> 'submitted_at')::timestamptz AS at) AS told
        WHERE j.aggregate_id = request.request_id AND told.at > given_at
            AND j.type IN ('requests.request.revised.v1', 'requests.request.submitted.v1'))
    END
FROM request WHERE request.request_id = consent.request_id;

CREATE INDEX consent_ends_at ON consent (ends_at) WHERE ends_at IS NOT NULL AND withdrawn_at IS NULL AND ended_at IS NULL;

-- What `consent_store.changed_after` reads: without it each reading would pass over all other facts since the last.
CREATE INDEX journal_consents ON journal (written_by, position) WHERE type IN ('requests.request.submitted.v1',
    'requests.request.revised.v1', 'requests.request.circulation-decided.v1', 'requests.request.consent-given.v1',
    'requests.request.consent-recorded.v1', 'requests.request.consent-withdrawn.v1', 'requests.request.consent-ended.v1');

-- Which note verbale a recorded consent came by: words.
CREATE TABLE consent_text (
    consent_id uuid PRIMARY KEY REFERENCES consent DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    note_verbale text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX consent_text_request ON consent_text (request_id);

-- True where the organization is among the recipients; contracts/consents.py says the same in Python.
CREATE FUNCTION names(recipients text[], organization text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'providers' = ANY (recipients) OR organization = ANY (recipients)
    OR ('unodc_units' = ANY (recipients) AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

-- Of consents the State, UNODC, and whom each names: not by way of the request, which asks them who may see it.
CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');
ALTER POLICY for_callers ON consent USING (is_own(state) OR oversees(caller_role())
    OR (caller_role() IN ('provider_officer', 'donor_officer') AND names(recipients, caller_organization())));
CALL wall_in('consent_text', 'is_own(state) OR oversees(caller_role())');

-- What the consents in force give to an organization; contracts/consents.py says the same in Python.
CREATE FUNCTION given_to(of_request uuid, organization text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(
    SELECT DISTINCT field FROM consent AS c, unnest(ARRAY['codes'] || c.fields) AS field
    WHERE c.request_id = of_request AND c.withdrawn_at IS NULL AND c.ended_at IS NULL
      AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR now() < c.ends_at)
      AND names(c.recipients, organization)
    ORDER BY field
);

-- What the caller sees of a request; policy.py says the same in Python, and a test holds the two together.
CREATE FUNCTION fields_seen(r request, organization text, role text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('focal_point', 'official') AND r.state = organization
        OR role IN ('coordinator', 'auditor', 'service') AND r.status <> 'draft' AND r.submitted_at IS NOT NULL
    THEN ARRAY['codes', 'institution', 'words']
    WHEN role IN ('provider_officer', 'donor_officer') AND r.circulation = 'granted'
        AND r.status IN ('open', 'in_delivery', 'delivered')
    THEN given_to(r.request_id, organization)
    ELSE ARRAY[]::text[]
END;

CREATE OR REPLACE FUNCTION may_see(r request, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('focal_point', 'official') THEN r.state = organization
    WHEN role IN ('coordinator', 'auditor', 'service') THEN r.status <> 'draft' AND r.submitted_at IS NOT NULL
    WHEN role IN ('provider_officer', 'donor_officer') THEN
        r.status IN ('open', 'in_delivery', 'delivered') AND r.circulation = 'granted'
        AND given_to(r.request_id, organization) <> '{}'
    ELSE false
END;
