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

-- -- practices, challenges and tools ----------------------------------------------------------------------------------

-- Either a State or a provider is the author.
CREATE TABLE practice (
    practice_id uuid PRIMARY KEY,
    practice_kind text NOT NULL CHECK (practice_kind IN ('practice', 'challenge', 'tool')),
    state text,
    provider text,
    status text NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'catalogued', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    articles text[] NOT NULL,
    topics text[] NOT NULL,
    -- What the author states: only a State itself enters what comes from its country review.
    country_review text NOT NULL CHECK (country_review IN ('nothing', 'entered_by_state')),
    -- The completed delivery from which it was learned.
    delivery_id uuid,
    uses integer NOT NULL CHECK (uses >= 0),
    recorded_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    submitted_at timestamptz,
    catalogued_at timestamptz,
    -- Why it was returned to its author.
    reason text,
    CHECK ((state IS NULL) <> (provider IS NULL)),
    CHECK (country_review = 'nothing' OR state IS NOT NULL),
    CHECK (status <> 'submitted' OR submitted_at IS NOT NULL),
    CHECK (status <> 'catalogued' OR catalogued_at IS NOT NULL),
    CHECK ((status = 'returned') = (reason IS NOT NULL)),
    CHECK (status NOT IN ('submitted', 'catalogued') OR cardinality(articles) + cardinality(topics) > 0)
);
CREATE INDEX practice_articles ON practice USING gin (articles);
CREATE INDEX practice_topics ON practice USING gin (topics);

CREATE FUNCTION is_author(p practice, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(role IN ('focal_point', 'official') AND p.state = organization
    OR role = 'provider_officer' AND p.provider = organization, false);

-- Visibility, as in policy.py; a test compares them. What was never submitted is its author's; every appointment
-- sees the catalogue.
CREATE FUNCTION may_see(p practice, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN is_author(p, organization, role) OR coalesce(oversees(role), false) AND p.submitted_at IS NOT NULL
    OR coalesce(role, '') <> '' AND p.status = 'catalogued';

-- Its words; deleted when it is withdrawn.
CREATE TABLE practice_text (
    practice_id uuid PRIMARY KEY REFERENCES practice DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    text text NOT NULL
);

-- The comment on its last move; of the author and UNODC.
CREATE TABLE practice_remark (
    practice_id uuid PRIMARY KEY REFERENCES practice DEFERRABLE INITIALLY DEFERRED,
    comment text NOT NULL
);

-- What it is found by: stems of its words and of the labels of its tags, each with its language, such as `fr:judiciair`.
CREATE TABLE practice_stems (
    practice_id uuid PRIMARY KEY REFERENCES practice DEFERRABLE INITIALLY DEFERRED,
    stems text[] NOT NULL
);
CREATE INDEX practice_stems_stems ON practice_stems USING gin (stems);

-- The completed deliveries that used it.
CREATE TABLE practice_use (
    practice_id uuid NOT NULL REFERENCES practice DEFERRABLE INITIALLY DEFERRED,
    delivery_id uuid NOT NULL,
    PRIMARY KEY (practice_id, delivery_id)
);

-- Deliveries that were completed, as the delivery service says.
CREATE TABLE completed_delivery (
    delivery_id uuid PRIMARY KEY,
    state text NOT NULL,
    provider text NOT NULL
);

CREATE FUNCTION may_see(d completed_delivery, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN is_party_to(d.state, organization, role)
    OR coalesce(role = 'provider_officer' AND d.provider = organization, false);

CALL wall_in('practice', 'may_see(practice, caller_organization(), caller_role())');
CALL wall_in('practice_text', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_text.practice_id)');
CALL wall_in('practice_remark', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_remark.practice_id
    AND (oversees(caller_role()) OR is_author(p, caller_organization(), caller_role())))');
CALL wall_in('practice_stems', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_stems.practice_id)');
CALL wall_in('completed_delivery', 'may_see(completed_delivery, caller_organization(), caller_role())');
-- How often it was used is known to all, in which deliveries to their sides and UNODC.
CALL wall_in('practice_use', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_use.practice_id)
    AND EXISTS (SELECT FROM completed_delivery d WHERE d.delivery_id = practice_use.delivery_id)');
