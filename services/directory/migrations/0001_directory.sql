CREATE TABLE organization (
    organization_id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z][A-Z0-9-]{2,31}$'),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    registered_at timestamptz NOT NULL
);

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    organization text NOT NULL REFERENCES organization (code),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    entered_at timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE INDEX person_organization ON person (organization, person_id);

CREATE TABLE appointment (
    appointment_id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    organization text NOT NULL REFERENCES organization (code),
    role text NOT NULL CHECK (role IN ('focal_point', 'official', 'coordinator', 'provider_officer', 'donor_officer',
        'finance_officer', 'auditor', 'administrator')),
    starts date NOT NULL,
    ends date CHECK (ends >= starts),
    regions text[] NOT NULL,
    topics text[] NOT NULL,
    status text NOT NULL CHECK (status IN ('proposed', 'in_force', 'ended', 'refused', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    proposed_by uuid,
    proposed_at timestamptz NOT NULL,
    approved_by uuid,
    made_at timestamptz,
    settled_at timestamptz,
    reason text,
    -- Nobody decides on what they proposed, or on themselves.
    CHECK (approved_by <> proposed_by AND approved_by <> person_id AND proposed_by <> person_id),
    -- Outside the States' own affairs it takes two; nobody proposed the first administrators.
    CHECK (made_at IS NULL OR proposed_by IS NULL OR approved_by IS NOT NULL
        OR (organization ~ '^[A-Z]{3}$' AND role IN ('official', 'provider_officer', 'donor_officer'))),
    CHECK (role = 'coordinator' OR (regions = '{}' AND topics = '{}')),
    CHECK ((status IN ('in_force', 'ended')) = (made_at IS NOT NULL)),
    CHECK ((status IN ('ended', 'refused', 'withdrawn')) = (settled_at IS NOT NULL))
);
CREATE INDEX appointment_person ON appointment (person_id);
CREATE INDEX appointment_organization ON appointment (organization, appointment_id);
CREATE UNIQUE INDEX appointment_once ON appointment (person_id, organization, role, starts)
    WHERE status IN ('proposed', 'in_force');

-- Words and what names a person, kept apart so that they can be erased; the journal names them by a salted hash.
-- Deferred, because the tables above are rebuilt from the journal beneath them.
CREATE TABLE organization_text (
    organization_id uuid PRIMARY KEY REFERENCES organization DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL
);
CREATE TABLE person_text (
    person_id uuid PRIMARY KEY REFERENCES person DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh'))
);
CREATE TABLE person_subject (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX person_subject_person ON person_subject (person_id);
CREATE TABLE appointment_text (
    appointment_id uuid PRIMARY KEY REFERENCES appointment DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    letter text NOT NULL
);

-- Who may see a record at all; policy.py says the same in Python, and a test holds the two together.
CREATE FUNCTION may_see_of(person_id uuid, of_organization text, organization text, role text, caller uuid)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN person_id = caller
    OR role = 'service'
    OR (role IN ('administrator', 'auditor') AND organization = 'UNODC')
    OR (role = 'focal_point' AND of_organization = organization);

CREATE FUNCTION may_see(p person, organization text, role text, caller uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN may_see_of(p.person_id, p.organization, organization, role, caller);

CREATE FUNCTION may_see(a appointment, organization text, role text, caller uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN may_see_of(a.person_id, a.organization, organization, role, caller);

-- The status as it is shown; appointment.py says the same in Python.
CREATE FUNCTION shown_status(a appointment, today date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN a.status = 'in_force' AND today < a.starts THEN 'upcoming'
    WHEN a.status = 'in_force' AND today > a.ends THEN 'expired'
    ELSE a.status
END;
