-- Texts are in tables of their own (`legislation_text`, `remark`), so that they can be erased; the journal holds salted
-- hashes. Their foreign keys are deferred, because the referenced tables are rebuilt from the journal.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');

-- The State and UNODC's office, who read what is not published.
CREATE FUNCTION is_party_to(of_state text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(oversees(role) OR role IN ('focal_point', 'official') AND of_state = organization, false);

-- -- the register of legislation --------------------------------------------------------------------------------------

-- The place of an article in the order of the register, as in cells.py; a test compares them.
CREATE FUNCTION place_of(article text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN array_position(ARRAY['UNTOC', 'TIP', 'SOM', 'FP'], split_part(article, ':', 1)) * 1000
    + split_part(article, ':', 2)::integer;

-- What a State's law on an article is on SHERLOC. A State and an article without a row are not known.
CREATE TABLE legislation (
    legislation_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    instrument text NOT NULL CHECK (instrument = split_part(article, ':', 1)),
    article text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('none', 'missing', 'outdated', 'submitted', 'in_review', 'published', 'verified')),
    revision integer NOT NULL CHECK (revision > 0),
    -- The revision whose texts are valid.
    texts_revision integer NOT NULL CHECK (texts_revision BETWEEN 1 AND revision),
    language text CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    in_force_on date,
    recorded_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    published_at timestamptz,
    last_verified_at timestamptz,
    last_verified_by text CHECK (last_verified_by IN ('focal_point', 'official', 'coordinator')),
    -- Why it was returned to the State.
    reason text,
    CHECK ((last_verified_at IS NULL) = (last_verified_by IS NULL)),
    CHECK (status NOT IN ('published', 'verified') OR published_at IS NOT NULL),
    CHECK (status <> 'none' OR language IS NULL AND in_force_on IS NULL),
    CHECK (reason IS NULL OR status = 'missing'),
    UNIQUE (state, article)
);
CREATE INDEX legislation_place ON legislation (state, place_of(article));

-- Visibility, as in policy.py; a test compares them. Every appointment sees what is on SHERLOC.
CREATE FUNCTION may_see(l legislation, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN is_party_to(l.state, organization, role) OR (coalesce(role, '') <> '' AND l.status IN ('published', 'verified'));

-- Its words, in each revision that changed them: `portal_address` is the page of SHERLOC.
CREATE TABLE legislation_text (
    legislation_id uuid NOT NULL REFERENCES legislation DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL,
    salt bytea NOT NULL,
    title text NOT NULL,
    gazette text NOT NULL,
    address text NOT NULL,
    portal_address text NOT NULL,
    PRIMARY KEY (legislation_id, revision)
);

-- All versions of a record: each is what a fact made of it.
CREATE TABLE legislation_version (
    legislation_id uuid NOT NULL REFERENCES legislation DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL CHECK (revision > 0),
    -- The last part of the fact's name, such as `published`.
    move text NOT NULL,
    status text NOT NULL,
    texts_revision integer NOT NULL,
    language text,
    in_force_on date,
    changed_at timestamptz NOT NULL,
    last_verified_at timestamptz,
    last_verified_by text,
    reason text,
    PRIMARY KEY (legislation_id, revision)
);

-- Comments on moves, by the revision that the move led to; of the State and UNODC.
CREATE TABLE remark (
    legislation_id uuid NOT NULL REFERENCES legislation DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (legislation_id, revision)
);

CALL wall_in('legislation', 'may_see(legislation, caller_organization(), caller_role())');
-- A version that was not published is of the State and UNODC.
CALL wall_in('legislation_version', 'EXISTS (SELECT FROM legislation l
    WHERE l.legislation_id = legislation_version.legislation_id
      AND (is_party_to(l.state, caller_organization(), caller_role())
           OR legislation_version.status IN (''published'', ''verified'')))');
CALL wall_in('legislation_text', 'EXISTS (SELECT FROM legislation_version v
    WHERE v.legislation_id = legislation_text.legislation_id AND v.texts_revision = legislation_text.revision)');
CALL wall_in('remark', 'EXISTS (SELECT FROM legislation l
    WHERE l.legislation_id = remark.legislation_id
      AND is_party_to(l.state, caller_organization(), caller_role()))');

-- -- yearly checks ----------------------------------------------------------------------------------------------------

CREATE TABLE legislation_check (
    legislation_check_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    status text NOT NULL CHECK (status IN ('asked', 'answered')),
    revision integer NOT NULL CHECK (revision > 0),
    due_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL CHECK (asked_at >= due_at),
    -- Until when it can be answered.
    closes_at timestamptz NOT NULL CHECK (closes_at > asked_at),
    result text CHECK (result IN ('unchanged', 'changed')),
    -- How many published records the answer confirmed.
    confirmed integer NOT NULL CHECK (confirmed >= 0),
    answered_at timestamptz,
    CHECK ((status = 'answered') = (answered_at IS NOT NULL) AND (status = 'answered') = (result IS NOT NULL)),
    CHECK (confirmed = 0 OR result = 'unchanged'),
    -- A State is asked once for each day on which it was due.
    UNIQUE (state, due_at)
);

CREATE FUNCTION may_see(c legislation_check, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE RETURN is_party_to(c.state, organization, role);

CALL wall_in('legislation_check', 'may_see(legislation_check, caller_organization(), caller_role())');

-- When each State with a record is asked next: a year after it was asked last, or after its first record.
CREATE VIEW due_check WITH (security_invoker = true) AS
SELECT state, (coalesce(asked_at, recorded_at) AT TIME ZONE 'UTC' + interval '1 year') AT TIME ZONE 'UTC' AS due_at
FROM (SELECT state, min(recorded_at) AS recorded_at FROM legislation GROUP BY state) AS known
LEFT JOIN (SELECT state, max(asked_at) AS asked_at FROM legislation_check GROUP BY state) AS asked USING (state);

-- -- proposals after deliveries ---------------------------------------------------------------------------------------

CREATE TABLE legislation_proposal (
    legislation_proposal_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    delivery_id uuid NOT NULL,
    request_id uuid NOT NULL,
    kind text NOT NULL,
    completed_on date NOT NULL,
    -- Null if the request's line had none: the State names it.
    article text,
    status text NOT NULL CHECK (status IN ('proposed', 'accepted', 'dropped')),
    revision integer NOT NULL CHECK (revision > 0),
    made_at timestamptz NOT NULL,
    legislation_id uuid,
    accepted_at timestamptz,
    reason text,
    dropped_at timestamptz,
    UNIQUE NULLS NOT DISTINCT (delivery_id, article),
    CHECK ((status = 'accepted') = (accepted_at IS NOT NULL) AND (status = 'accepted') = (legislation_id IS NOT NULL)),
    CHECK ((status = 'dropped') = (dropped_at IS NOT NULL) AND (status = 'dropped') = (reason IS NOT NULL))
);

CREATE FUNCTION may_see(p legislation_proposal, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE RETURN is_party_to(p.state, organization, role);

-- What other services said: the lines of submitted requests, and deliveries that wait for their line.
CREATE TABLE requested_line (
    line_id uuid PRIMARY KEY,
    state text NOT NULL,
    kind text NOT NULL,
    articles text[] NOT NULL
);
CREATE TABLE completed_delivery (
    delivery_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL,
    completed_on date NOT NULL
);
CREATE INDEX completed_delivery_line ON completed_delivery (line_id);

CALL wall_in('legislation_proposal', 'may_see(legislation_proposal, caller_organization(), caller_role())');
CALL wall_in('requested_line', 'is_party_to(state, caller_organization(), caller_role())');
CALL wall_in('completed_delivery', 'is_party_to(state, caller_organization(), caller_role())');
