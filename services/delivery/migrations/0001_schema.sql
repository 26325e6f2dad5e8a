-- Texts are in separate tables (`contact_text`, `remark`), so that they can be erased; the journal holds salted hashes.
-- Their foreign keys are deferred, because the referenced tables are rebuilt from the journal.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');

-- -- deliveries -------------------------------------------------------------------------------------------------------

-- One for each match that was confirmed.
CREATE TABLE delivery (
    delivery_id uuid PRIMARY KEY,
    match_id uuid NOT NULL UNIQUE,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    offering_id uuid NOT NULL,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    provider text NOT NULL CHECK (provider <> state),
    status text NOT NULL CHECK (status IN ('open', 'in_delivery', 'suspended', 'completed', 'terminated')),
    revision integer NOT NULL CHECK (revision > 0),
    -- When it is delivered.
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    -- How many persons of the line's group it serves; null for all.
    covers integer CHECK (covers > 0),
    funding_minor bigint,
    funding_currency text,
    joint_delivery_id uuid,
    opened_at timestamptz NOT NULL,
    state_waived_at timestamptz,
    provider_waived_at timestamptz,
    agreement_id uuid,
    agreed_at timestamptz,
    begun_at timestamptz,
    suspended_at timestamptz,
    completed_on date,
    completed_at timestamptz,
    terminated_at timestamptz,
    reason text,
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL)),
    CHECK (agreement_id IS NULL OR agreed_at IS NOT NULL),
    CHECK (begun_at IS NULL OR agreed_at IS NOT NULL),
    CHECK (status NOT IN ('in_delivery', 'suspended', 'completed') OR begun_at IS NOT NULL),
    CHECK ((status = 'suspended') = (suspended_at IS NOT NULL)),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL) AND (status = 'completed') = (completed_on IS NOT NULL)),
    CHECK ((status = 'terminated') = (terminated_at IS NOT NULL)),
    CHECK ((status IN ('suspended', 'terminated')) = (reason IS NOT NULL))
);
CREATE INDEX delivery_of_state ON delivery (state, match_id);
CREATE INDEX delivery_of_provider ON delivery (provider, match_id);
CREATE INDEX delivery_of_request ON delivery (request_id);
CREATE INDEX delivery_joint ON delivery (joint_delivery_id) WHERE joint_delivery_id IS NOT NULL;

-- Visibility of deliveries, as in policy.py; a test compares them.
CREATE FUNCTION may_see(d delivery, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN oversees(role) THEN true
    WHEN role IN ('focal_point', 'official') THEN d.state = organization
    WHEN role = 'provider_officer' THEN d.provider = organization
    ELSE false
END;

CALL wall_in('delivery', 'may_see(delivery, caller_organization(), caller_role())');

-- The contacts of each side.
CREATE TABLE contact_text (
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    side text NOT NULL CHECK (side IN ('state', 'provider')),
    place integer NOT NULL CHECK (place > 0),
    salt bytea NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    function text NOT NULL,
    telephone text NOT NULL,
    languages text[] NOT NULL,
    person_id uuid,
    PRIMARY KEY (delivery_id, side, place)
);
CREATE INDEX contact_text_person ON contact_text (person_id) WHERE person_id IS NOT NULL;

-- Comments on moves of deliveries.
CREATE TABLE remark (
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL,
    move text NOT NULL,
    remarked_at timestamptz NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (delivery_id, revision)
);

CALL wall_in('contact_text', 'caller_role() <> ''auditor''
    AND EXISTS (SELECT FROM delivery d WHERE d.delivery_id = contact_text.delivery_id)');
CALL wall_in('remark', 'EXISTS (SELECT FROM delivery d WHERE d.delivery_id = remark.delivery_id)');

-- -- agreements -------------------------------------------------------------------------------------------------------

-- One for each delivery for which one was proposed. `turn` is the side that signs the last version or proposes another.
CREATE TABLE agreement (
    agreement_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL UNIQUE,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('proposed', 'in_force', 'amending')),
    revision integer NOT NULL CHECK (revision > 0),
    version integer NOT NULL CHECK (version > 0),
    proposed_by text NOT NULL CHECK (proposed_by IN ('state', 'provider')),
    proposed_at timestamptz NOT NULL,
    turn text CHECK (turn IN ('state', 'provider')),
    -- Signatures of the last version.
    state_signed_on date,
    provider_signed_on date,
    in_force integer CHECK (in_force BETWEEN 1 AND version),
    in_force_since timestamptz,
    CHECK ((status = 'proposed') = (in_force IS NULL) AND (in_force IS NULL) = (in_force_since IS NULL)),
    CHECK ((status = 'in_force') = (turn IS NULL))
);

CREATE TABLE agreement_version (
    agreement_id uuid NOT NULL REFERENCES agreement DEFERRABLE INITIALLY DEFERRED,
    version integer NOT NULL CHECK (version > 0),
    side text NOT NULL CHECK (side IN ('state', 'provider')),
    -- Codes, dates and numbers, as in the fact.
    terms jsonb NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    texts_hash text NOT NULL,
    proposed_at timestamptz NOT NULL,
    state_signed_on date,
    provider_signed_on date,
    state_file_id uuid,
    provider_file_id uuid,
    dropped_at timestamptz,
    PRIMARY KEY (agreement_id, version)
);

-- The texts of each version: what is delivered, where, and the clauses.
CREATE TABLE agreement_text (
    agreement_id uuid NOT NULL,
    version integer NOT NULL,
    salt bytea NOT NULL,
    scope text NOT NULL,
    place text NOT NULL,
    clauses text[] NOT NULL,
    PRIMARY KEY (agreement_id, version),
    FOREIGN KEY (agreement_id, version) REFERENCES agreement_version DEFERRABLE INITIALLY DEFERRED
);

CALL wall_in('agreement', 'EXISTS (SELECT FROM delivery d WHERE d.delivery_id = agreement.delivery_id)');
CALL wall_in('agreement_version', 'EXISTS (SELECT FROM agreement a WHERE a.agreement_id = agreement_version.agreement_id)');
CALL wall_in('agreement_text', 'EXISTS (SELECT FROM agreement a WHERE a.agreement_id = agreement_text.agreement_id)');
