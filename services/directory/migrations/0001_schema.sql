-- Words and what names a person are in tables of their own (`*_text`, `person_subject`, `client_secret`), so that they can
-- be erased; the journal holds a salted hash of them at most. Their foreign keys are deferred, because the tables that the
-- journal can make again are rebuilt beneath them.

-- -- who may see what -------------------------------------------------------------------------------------------------

-- Who may see a record at all; policy.py says the same in Python, and a test compares them.
CREATE FUNCTION may_see_of(person_id uuid, of_organization text, organization text, role text, caller uuid)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN person_id = caller
    OR role = 'service'
    OR (role IN ('administrator', 'auditor') AND organization = 'UNODC')
    OR (role = 'focal_point' AND of_organization = organization);

-- -- organizations ----------------------------------------------------------------------------------------------------

-- Which organizations there are is no secret among those who work here: no row-level security.
CREATE TABLE organization (
    organization_id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z][A-Z0-9-]{2,31}$'),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    registered_at timestamptz NOT NULL
);

CREATE TABLE organization_text (
    organization_id uuid PRIMARY KEY REFERENCES organization DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL
);

-- -- people -----------------------------------------------------------------------------------------------------------

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    organization text NOT NULL REFERENCES organization (code),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    entered_at timestamptz NOT NULL,
    disabled_at timestamptz,
    -- By which subjects they are to sign in, until a second person has approved it.
    subjects_proposed_by uuid,
    subjects_proposed_at timestamptz,
    subjects_proposed_hash text,
    -- Two people erase somebody; what is left of them is the id.
    erasure_proposed_by uuid,
    erasure_proposed_at timestamptz,
    erasure_reason text,
    erasure_approved_by uuid,
    erased_at timestamptz,
    CONSTRAINT person_subjects_proposed CHECK (
        num_nonnulls(subjects_proposed_by, subjects_proposed_at, subjects_proposed_hash) IN (0, 3)),
    CONSTRAINT person_subjects_proposed_by_others CHECK (subjects_proposed_by <> person_id),
    CONSTRAINT person_erasure_proposed CHECK ((erasure_proposed_by IS NULL) = (erasure_reason IS NULL)),
    CONSTRAINT person_erased_by_two CHECK (
        num_nonnulls(erasure_approved_by, erased_at) IN (0, 2)
        AND (erased_at IS NULL OR erasure_proposed_by IS NOT NULL)),
    -- Nobody decides on what they proposed, or on themselves.
    CONSTRAINT person_erased_by_others CHECK (
        erasure_approved_by <> erasure_proposed_by AND erasure_approved_by <> person_id
        AND erasure_proposed_by <> person_id)
);
CREATE INDEX person_organization ON person (organization, person_id);
CREATE INDEX person_erased ON person (erased_at) WHERE erased_at IS NOT NULL;

CREATE TABLE person_text (
    person_id uuid PRIMARY KEY REFERENCES person DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh'))
);
CREATE INDEX person_text_email ON person_text (lower(email));

-- By which subjects of which issuers a person signs in. A subject is one person's `within` an organization (UNODC and its
-- units are one). Across organizations it may be of several people, so that nobody learns of another organization's
-- subjects, or keeps one from it. Once its holder has `used` it while it was one person's, others have to be named.
CREATE TABLE person_subject (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
    within text NOT NULL,
    used boolean NOT NULL DEFAULT false,
    PRIMARY KEY (issuer, subject, person_id)
);
CREATE INDEX person_subject_person ON person_subject (person_id);
CREATE UNIQUE INDEX person_subject_within ON person_subject (issuer, subject, within);

CREATE TABLE proposed_subjects (
    person_id uuid PRIMARY KEY REFERENCES person DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    subjects jsonb NOT NULL
);

CALL wall_in('person', 'may_see_of(person_id, organization, caller_organization(), caller_role(), caller_person())');
CALL wall_in('person_text', 'EXISTS (SELECT FROM person p WHERE p.person_id = person_text.person_id)');
CALL wall_in('person_subject', 'EXISTS (SELECT FROM person p WHERE p.person_id = person_subject.person_id)');
CALL wall_in('proposed_subjects', 'EXISTS (SELECT FROM person p WHERE p.person_id = proposed_subjects.person_id)');

-- -- appointments -----------------------------------------------------------------------------------------------------

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
    head boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('proposed', 'in_force', 'ended', 'refused', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    -- What its approval is about: the texts of its person as they were when it was proposed.
    subjects_hash text,
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
    CHECK (role = 'coordinator' OR (regions = '{}' AND topics = '{}' AND NOT head)),
    CHECK ((status IN ('in_force', 'ended')) = (made_at IS NOT NULL)),
    CHECK ((status IN ('ended', 'refused', 'withdrawn')) = (settled_at IS NOT NULL))
);
CREATE INDEX appointment_person ON appointment (person_id);
CREATE INDEX appointment_organization ON appointment (organization, appointment_id);
CREATE UNIQUE INDEX appointment_once ON appointment (person_id, organization, role, starts)
    WHERE status IN ('proposed', 'in_force');

CREATE TABLE appointment_text (
    appointment_id uuid PRIMARY KEY REFERENCES appointment DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    letter text NOT NULL
);

-- The status as it is shown; appointment.py says the same in Python.
CREATE FUNCTION shown_status(status text, starts date, ends date, today date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN status = 'in_force' AND today < starts THEN 'upcoming'
    WHEN status = 'in_force' AND today > ends THEN 'expired'
    ELSE status
END;

CALL wall_in('appointment',
    'may_see_of(person_id, organization, caller_organization(), caller_role(), caller_person())');
CALL wall_in('appointment_text', 'EXISTS (SELECT FROM appointment a WHERE a.appointment_id = appointment_text.appointment_id)');

-- -- API clients ------------------------------------------------------------------------------------------------------

-- A machine that acts for an organization, in no role of trust. Days are those of UTC, both included.
CREATE TABLE client (
    client_id uuid PRIMARY KEY,
    organization text NOT NULL REFERENCES organization (code),
    role text NOT NULL CHECK (role IN ('official', 'provider_officer', 'donor_officer')),
    scopes text[] NOT NULL CHECK (scopes <> '{}' AND scopes <@ ARRAY['read', 'write']),
    ends date NOT NULL,
    generation integer NOT NULL CHECK (generation > 0),
    previous_until timestamptz,
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    registered_by uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    rotated_at timestamptz,
    noticed_at timestamptz,
    ended_at timestamptz,
    reason text,
    CHECK (ends <= (registered_at AT TIME ZONE 'UTC')::date + 365),
    CHECK (num_nonnulls(previous_until, rotated_at) IN (0, 2) AND (generation > 1) = (rotated_at IS NOT NULL)),
    CHECK (num_nonnulls(ended_at, reason) IN (0, 2))
);
CREATE INDEX client_organization ON client (organization, client_id);
CREATE INDEX client_ends ON client (ends) WHERE ended_at IS NULL AND noticed_at IS NULL;

CREATE TABLE client_text (
    client_id uuid PRIMARY KEY REFERENCES client DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL
);

-- The journal never tells a secret, nor when it was used: neither can be made again from it.
CREATE TABLE client_secret (
    client_id uuid NOT NULL REFERENCES client DEFERRABLE INITIALLY DEFERRED,
    generation integer NOT NULL,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    PRIMARY KEY (client_id, generation)
);
-- When a token was last made for it, to the hour.
CREATE TABLE client_use (
    client_id uuid PRIMARY KEY REFERENCES client DEFERRABLE INITIALLY DEFERRED,
    used_at timestamptz NOT NULL
);

CALL wall_in('client', 'may_see_of(client_id, organization, caller_organization(), caller_role(), caller_person())');
CALL wall_in('client_text', 'EXISTS (SELECT FROM client c WHERE c.client_id = client_text.client_id)');
CALL wall_in('client_secret', 'EXISTS (SELECT FROM client c WHERE c.client_id = client_secret.client_id)');
CALL wall_in('client_use', 'EXISTS (SELECT FROM client c WHERE c.client_id = client_use.client_id)');
