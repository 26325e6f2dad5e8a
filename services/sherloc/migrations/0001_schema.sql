-- Texts are in tables of their own (`legislation_text`, `remark`), so that they can be erased; the journal holds salted
-- hashes. Their foreign keys are deferred, because the referenced tables are rebuilt from the journal.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');

-- Whether somebody acts in an appointment: what every appointment reads.
CREATE FUNCTION is_appointed(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(role, '') <> '';

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
    -- As every appointment and the public see it, and the published version that they read.
    portal_status text CHECK (portal_status IN ('outdated', 'published', 'verified')),
    portal_revision integer,
    CHECK ((portal_status IS NULL) = (portal_revision IS NULL)),
    CHECK ((last_verified_at IS NULL) = (last_verified_by IS NULL)),
    CHECK (status NOT IN ('published', 'verified') OR published_at IS NOT NULL AND portal_status = status),
    CHECK (status <> 'none' OR language IS NULL AND in_force_on IS NULL),
    CHECK (reason IS NULL OR status IN ('missing', 'outdated')),
    UNIQUE (state, article)
);
CREATE INDEX legislation_place ON legislation (state, place_of(article));

-- Visibility, as in policy.py; a test compares them. Every appointment sees what is on SHERLOC.
CREATE FUNCTION may_see_legislation(of_state text, portal_status text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_party_to(of_state, organization, role) OR (is_appointed(role) AND portal_status IS NOT NULL);

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

CALL wall_in('legislation', 'may_see_legislation(state, portal_status, caller_organization(), caller_role())');
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

-- -- contributions ----------------------------------------------------------------------------------------------------

-- What a State contributes to SHERLOC: its words are in `contribution_text`.
CREATE TABLE contribution (
    contribution_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    kind text NOT NULL CHECK (kind IN ('explanatory_material', 'court_decision', 'strategy', 'bibliography')),
    status text NOT NULL
        CHECK (status IN ('draft', 'submitted', 'returned', 'accepted', 'published', 'superseded', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    articles text[] NOT NULL CHECK (cardinality(articles) <= 30),
    rights text NOT NULL CHECK (rights IN ('public_domain', 'held_by_state', 'permission_given', 'unclear')),
    decided_on date,
    offence text,
    outcome text CHECK (outcome IN ('conviction', 'partial_conviction', 'acquittal', 'dismissal',
        'cooperation_granted', 'cooperation_refused', 'other')),
    marks integer NOT NULL CHECK (marks >= 0),
    marks_cleared boolean NOT NULL,
    drafted_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    published_at timestamptz,
    superseded_by uuid,
    -- Why it was returned to the State.
    reason text,
    CHECK (kind = 'court_decision' OR num_nonnulls(decided_on, offence, outcome) = 0),
    CHECK (status NOT IN ('accepted', 'published') OR marks = 0 OR marks_cleared),
    CHECK (status NOT IN ('published', 'superseded') OR published_at IS NOT NULL),
    CHECK ((status = 'superseded') = (superseded_by IS NOT NULL))
);
CREATE INDEX contribution_state ON contribution (state, contribution_id);

CREATE FUNCTION may_see_contribution(of_state text, status text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_party_to(of_state, organization, role) OR (is_appointed(role) AND status IN ('published', 'superseded'));

-- Its words as they are now: those before a revision are deleted.
CREATE TABLE contribution_text (
    contribution_id uuid PRIMARY KEY REFERENCES contribution DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    court text NOT NULL,
    parties text NOT NULL,
    authors text NOT NULL,
    address text NOT NULL,
    portal_address text NOT NULL
);

-- Comments on moves, by the revision that the move led to; of the State and UNODC.
CREATE TABLE contribution_remark (
    contribution_id uuid NOT NULL REFERENCES contribution DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (contribution_id, revision)
);

-- A batch handed over to the portal.
CREATE TABLE contribution_export (
    contribution_export_id uuid PRIMARY KEY,
    revision integer NOT NULL CHECK (revision > 0),
    contributions integer NOT NULL CHECK (contributions BETWEEN 1 AND 500),
    made_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
-- One batch is open at a time.
CREATE UNIQUE INDEX contribution_export_open ON contribution_export ((true)) WHERE confirmed_at IS NULL;

-- What is in a batch: each change of a contribution in one of them.
CREATE TABLE handed_over (
    contribution_id uuid NOT NULL REFERENCES contribution DEFERRABLE INITIALLY DEFERRED,
    change text NOT NULL CHECK (change IN ('publish', 'remove')),
    contribution_export_id uuid NOT NULL REFERENCES contribution_export DEFERRABLE INITIALLY DEFERRED,
    place integer NOT NULL,
    PRIMARY KEY (contribution_id, change),
    UNIQUE (contribution_export_id, place)
);

-- Who takes contributions over to SHERLOC, as in policy.py: UNODC as a provider too, as its client is one.
CREATE FUNCTION may_read_exports(organization text, role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(oversees(role) OR role = 'provider_officer'
    AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')), false);

CALL wall_in('contribution', 'may_see_contribution(state, status, caller_organization(), caller_role())');
CALL wall_in('contribution_text', 'EXISTS (SELECT FROM contribution c
    WHERE c.contribution_id = contribution_text.contribution_id
      AND may_see_contribution(c.state, c.status, caller_organization(), caller_role()))');
CALL wall_in('contribution_remark', 'EXISTS (SELECT FROM contribution c
    WHERE c.contribution_id = contribution_remark.contribution_id
      AND is_party_to(c.state, caller_organization(), caller_role()))');
CALL wall_in('contribution_export', 'may_read_exports(caller_organization(), caller_role())');
CALL wall_in('handed_over', 'may_read_exports(caller_organization(), caller_role())');

-- -- extensions of the portal ------------------------------------------------------------------------------------------

CREATE TABLE extension (
    extension_id uuid PRIMARY KEY,
    -- Its phase.
    status text NOT NULL CHECK (status IN ('proposed', 'planned', 'in_progress', 'released', 'dropped')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    cost_minor bigint NOT NULL CHECK (cost_minor BETWEEN 0 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    work_package text NOT NULL,
    proposed_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    voted_by text[] NOT NULL,
    notes integer NOT NULL CHECK (notes BETWEEN 0 AND 100),
    reason text,
    CHECK ((status = 'dropped') = (reason IS NOT NULL))
);

CREATE TABLE extension_text (
    extension_id uuid PRIMARY KEY REFERENCES extension DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    scope text NOT NULL
);

-- Notes on its progress, by the revision that the note led to.
CREATE TABLE extension_note (
    extension_id uuid NOT NULL REFERENCES extension DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL,
    salt bytea NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    text text NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (extension_id, revision)
);

-- Pledges earmarked to an extension, as the pledges service states them; a pledge may name one that does not exist.
CREATE TABLE earmark (
    pledge_id uuid PRIMARY KEY,
    extension_id uuid NOT NULL,
    donor text NOT NULL
);
CREATE INDEX earmark_extension ON earmark (extension_id, donor);

CALL wall_in('extension', 'is_appointed(caller_role())');
CALL wall_in('extension_text', 'EXISTS (SELECT FROM extension e WHERE e.extension_id = extension_text.extension_id)');
CALL wall_in('extension_note', 'EXISTS (SELECT FROM extension e WHERE e.extension_id = extension_note.extension_id)');
-- Which donor pledged for what is its own affair.
CALL wall_in('earmark', 'false');

-- -- the outreach plan -------------------------------------------------------------------------------------------------

CREATE TABLE outreach_activity (
    outreach_activity_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('planned', 'held', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    audience text NOT NULL,
    outreach_kind text NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    languages text[] NOT NULL CHECK (languages <@ ARRAY['ar', 'en', 'es', 'fr', 'ru', 'zh']),
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    budget_minor bigint NOT NULL CHECK (budget_minor BETWEEN 0 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reach_target integer NOT NULL CHECK (reach_target BETWEEN 0 AND 100000000),
    planned_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    reach integer CHECK (reach BETWEEN 0 AND 100000000),
    reason text,
    CHECK ((status = 'held') = (reach IS NOT NULL)),
    CHECK ((status = 'cancelled') = (reason IS NOT NULL))
);

CREATE TABLE outreach_text (
    outreach_activity_id uuid PRIMARY KEY REFERENCES outreach_activity DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    text text NOT NULL
);

CALL wall_in('outreach_activity', 'is_appointed(caller_role())');
CALL wall_in('outreach_text', 'EXISTS (SELECT FROM outreach_activity o
    WHERE o.outreach_activity_id = outreach_text.outreach_activity_id)');

-- -- progress after the review -----------------------------------------------------------------------------------------

-- What a State says, if it wishes, of its progress in a cluster of the review.
CREATE TABLE review_progress (
    review_progress_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    cluster text NOT NULL,
    -- `shown`: the State agreed that the table for the Conference shows it.
    status text NOT NULL CHECK (status IN ('own', 'shown', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    progress text NOT NULL CHECK (progress IN ('not_addressed', 'partly_addressed', 'addressed')),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    recorded_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (state, cluster)
);

-- Visibility, as in policy.py; a test compares them: the State and UNODC's office, all others what is shown.
CREATE FUNCTION may_see_progress(of_state text, status text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_party_to(of_state, organization, role) OR (is_appointed(role) AND status = 'shown');

CREATE TABLE review_progress_text (
    review_progress_id uuid PRIMARY KEY REFERENCES review_progress DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    text text NOT NULL
);

CALL wall_in('review_progress', 'may_see_progress(state, status, caller_organization(), caller_role())');
CALL wall_in('review_progress_text', 'EXISTS (SELECT FROM review_progress r
    WHERE r.review_progress_id = review_progress_text.review_progress_id)');

-- -- informal meetings ------------------------------------------------------------------------------------------------

CREATE TABLE meeting (
    meeting_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('planned', 'held', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    starts_on date NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    planned_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    invited text[] NOT NULL,
    -- States that come, and how many people of each, in the same order; no one is named.
    signed_up text[] NOT NULL CHECK (signed_up <@ invited),
    people integer[] NOT NULL CHECK (cardinality(people) = cardinality(signed_up)),
    reason text,
    CHECK ((status = 'cancelled') = (reason IS NOT NULL))
);

-- Visibility, as in policy.py; a test compares them: States and UNODC's office.
CREATE FUNCTION may_see_meetings(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(oversees(role) OR role IN ('focal_point', 'official'), false);

CREATE TABLE meeting_text (
    meeting_id uuid PRIMARY KEY REFERENCES meeting DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    agenda text NOT NULL,
    invitation text NOT NULL,
    place text NOT NULL
);

-- What was learnt: without author and time, under a random id.
CREATE TABLE meeting_lesson (
    lesson_id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting DEFERRABLE INITIALLY DEFERRED,
    text text NOT NULL
);
CREATE INDEX meeting_lessons ON meeting_lesson (meeting_id, lesson_id);

CALL wall_in('meeting', 'may_see_meetings(caller_role())');
CALL wall_in('meeting_text', 'EXISTS (SELECT FROM meeting m WHERE m.meeting_id = meeting_text.meeting_id)');
CALL wall_in('meeting_lesson', 'EXISTS (SELECT FROM meeting m WHERE m.meeting_id = meeting_lesson.meeting_id)');

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

CALL wall_in('legislation_check', 'is_party_to(state, caller_organization(), caller_role())');

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

-- What other services said: the lines of submitted requests, and deliveries that wait for their line.
CREATE TABLE requested_line (
    line_id uuid PRIMARY KEY,
    state text NOT NULL,
    kind text NOT NULL,
    articles text[] NOT NULL
);
CREATE TABLE waiting_delivery (
    delivery_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL,
    completed_on date NOT NULL
);
CREATE INDEX waiting_delivery_line ON waiting_delivery (line_id);

CALL wall_in('legislation_proposal', 'is_party_to(state, caller_organization(), caller_role())');
CALL wall_in('requested_line', 'is_party_to(state, caller_organization(), caller_role())');
CALL wall_in('waiting_delivery', 'is_party_to(state, caller_organization(), caller_role())');

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

CREATE FUNCTION is_author(of_state text, of_provider text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(role IN ('focal_point', 'official') AND of_state = organization
    OR role = 'provider_officer' AND of_provider = organization, false);

-- Visibility, as in policy.py; a test compares them. What was never submitted is its author's; every appointment
-- sees the catalogue.
CREATE FUNCTION may_see_practice(
    of_state text, of_provider text, status text, submitted_at timestamptz, organization text, role text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_author(of_state, of_provider, organization, role)
    OR coalesce(oversees(role), false) AND submitted_at IS NOT NULL
    OR is_appointed(role) AND status = 'catalogued';

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

CREATE FUNCTION may_see_delivery(of_state text, of_provider text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_party_to(of_state, organization, role)
    OR coalesce(role = 'provider_officer' AND of_provider = organization, false);

CALL wall_in('practice',
    'may_see_practice(state, provider, status, submitted_at, caller_organization(), caller_role())');
CALL wall_in('practice_text', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_text.practice_id)');
CALL wall_in('practice_remark', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_remark.practice_id
    AND (oversees(caller_role()) OR is_author(p.state, p.provider, caller_organization(), caller_role())))');
CALL wall_in('practice_stems', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_stems.practice_id)');
CALL wall_in('completed_delivery', 'may_see_delivery(state, provider, caller_organization(), caller_role())');
-- How often it was used is known to all, in which deliveries to their sides and UNODC.
CALL wall_in('practice_use', 'EXISTS (SELECT FROM practice p WHERE p.practice_id = practice_use.practice_id)
    AND EXISTS (SELECT FROM completed_delivery d WHERE d.delivery_id = practice_use.delivery_id)');
