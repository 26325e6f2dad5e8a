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
    status text NOT NULL CHECK (status IN ('open', 'in_delivery', 'suspended', 'completion_proposed',
        'completed', 'terminated')),
    revision integer NOT NULL CHECK (revision > 0),
    -- When it is delivered.
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    -- How many persons of the line's group it serves; null for all.
    covers integer CHECK (covers > 0),
    funding_minor bigint,
    funding_currency text,
    joint_delivery_id uuid,
    -- The kind of assistance.
    kind text,
    opened_at timestamptz NOT NULL,
    state_waived_at timestamptz,
    provider_waived_at timestamptz,
    -- When each side opened the private topic of the thread.
    state_private_at timestamptz,
    provider_private_at timestamptz,
    agreement_id uuid,
    agreed_at timestamptz,
    begun_at timestamptz,
    suspended_at timestamptz,
    -- The side that proposed the completion, and until when the other one answers.
    completion_by text CHECK (completion_by IN ('state', 'provider')),
    completion_proposed_at timestamptz,
    proposed_on date,
    confirm_by date,
    silence_counts boolean NOT NULL,
    without text[] NOT NULL,
    objection text,
    confirmed_by text CHECK (confirmed_by IN ('state', 'provider', 'silence')),
    completed_on date,
    completed_at timestamptz,
    terminated_at timestamptz,
    reason text,
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL)),
    CHECK (agreement_id IS NULL OR agreed_at IS NOT NULL),
    CHECK (begun_at IS NULL OR agreed_at IS NOT NULL),
    CHECK (status NOT IN ('in_delivery', 'suspended', 'completion_proposed', 'completed') OR begun_at IS NOT NULL),
    CHECK (num_nulls(completion_by, completion_proposed_at, proposed_on, confirm_by) IN (0, 4)),
    CHECK (status <> 'completion_proposed' OR completion_by IS NOT NULL),
    CHECK (confirmed_by IS NULL OR (status = 'completed' AND confirmed_by <> completion_by)),
    CHECK ((status = 'suspended') = (suspended_at IS NOT NULL)),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL) AND (status = 'completed') = (completed_on IS NOT NULL)),
    CHECK ((status = 'terminated') = (terminated_at IS NOT NULL)),
    CHECK ((status IN ('suspended', 'terminated')) = (reason IS NOT NULL))
);
CREATE INDEX delivery_of_state ON delivery (state, match_id);
CREATE INDEX delivery_of_provider ON delivery (provider, match_id);
CREATE INDEX delivery_of_request ON delivery (request_id);
CREATE INDEX delivery_unanswered ON delivery (confirm_by) WHERE status = 'completion_proposed' AND silence_counts;
CREATE INDEX delivery_joint ON delivery (joint_delivery_id) WHERE joint_delivery_id IS NOT NULL;

-- Who reads along with the two sides, as in policy.py: UNODC's office, except what is private.
CREATE FUNCTION reads_along(state text, provider text, private boolean, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN oversees(role) THEN NOT private
    WHEN role IN ('focal_point', 'official') THEN state = organization
    WHEN role = 'provider_officer' THEN provider = organization
    ELSE false
END;

CALL wall_in('delivery', 'reads_along(state, provider, false, caller_organization(), caller_role())');

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
    status text NOT NULL CHECK (status IN ('proposed', 'in_force', 'amending', 'ended', 'terminated')),
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
    CHECK ((in_force IS NULL) = (in_force_since IS NULL)),
    CHECK (CASE WHEN status IN ('ended', 'terminated') THEN turn IS NULL
        ELSE (status = 'proposed') = (in_force IS NULL) AND (status = 'in_force') = (turn IS NULL) END)
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

-- -- files ------------------------------------------------------------------------------------------------------------

-- The contents are outside the database, under the file's id. A private one goes with a private message. `side` is null
-- if a coordinator added it.
CREATE TABLE file (
    file_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    private boolean NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('message', 'agreement', 'material')),
    side text CHECK (side IN ('state', 'provider')),
    organization text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'clean', 'unscanned', 'infected', 'removed')),
    revision integer NOT NULL CHECK (revision > 0),
    format text NOT NULL CHECK (format IN ('pdf', 'docx', 'png', 'jpeg')),
    size_bytes integer NOT NULL CHECK (size_bytes > 0),
    content_hash text NOT NULL,
    added_at timestamptz NOT NULL,
    CHECK (NOT private OR (purpose = 'message' AND side IS NOT NULL))
);
CREATE INDEX file_of_delivery ON file (delivery_id, file_id);
CREATE INDEX file_of_organization ON file (organization) WHERE status IN ('pending', 'clean', 'unscanned');
CREATE INDEX file_pending ON file (file_id) WHERE status = 'pending';

CREATE TABLE file_text (
    file_id uuid PRIMARY KEY REFERENCES file DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL
);

CALL wall_in('file', 'reads_along(state, provider, private, caller_organization(), caller_role())');
-- Auditors see only that it is there.
CALL wall_in('file_text', 'caller_role() NOT IN (''auditor'', ''service'')
    AND EXISTS (SELECT FROM file f WHERE f.file_id = file_text.file_id)');

-- -- messages ---------------------------------------------------------------------------------------------------------

-- `side` is null if a coordinator wrote it. The other side is notified once of all messages with the same `series_id`.
CREATE TABLE message (
    message_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    private boolean NOT NULL,
    side text CHECK (side IN ('state', 'provider')),
    organization text NOT NULL,
    author_id uuid NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    files uuid[] NOT NULL CHECK (cardinality(files) <= 5),
    series_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('sent', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    withdrawn_at timestamptz,
    CHECK (NOT private OR side IS NOT NULL),
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX message_of_delivery ON message (delivery_id, message_id);

-- What a message says, until it is withdrawn.
CREATE TABLE message_text (
    message_id uuid PRIMARY KEY REFERENCES message DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    topic text NOT NULL,
    text text NOT NULL
);

-- Up to which message a person has read a thread. `side` is null for a coordinator.
CREATE TABLE read_mark (
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    person_id uuid NOT NULL,
    side text CHECK (side IN ('state', 'provider')),
    message_id uuid NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, person_id)
);
CREATE INDEX read_mark_person ON read_mark (person_id);

CALL wall_in('message', 'reads_along(state, provider, private, caller_organization(), caller_role())');
CALL wall_in('message_text', 'caller_role() NOT IN (''auditor'', ''service'')
    AND EXISTS (SELECT FROM message m WHERE m.message_id = message_text.message_id)');
CALL wall_in('read_mark', 'caller_role() <> ''auditor''
    AND EXISTS (SELECT FROM delivery d WHERE d.delivery_id = read_mark.delivery_id)');

-- -- sessions ---------------------------------------------------------------------------------------------------------

-- Of one delivery, or of several of the same joint delivery.
CREATE TABLE session (
    session_id uuid PRIMARY KEY,
    deliveries uuid[] NOT NULL CHECK (cardinality(deliveries) > 0),
    -- The States of the deliveries, in the same order.
    states text[] NOT NULL CHECK (cardinality(states) = cardinality(deliveries)),
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('planned', 'held', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    modality text NOT NULL,
    languages text[] NOT NULL CHECK (cardinality(languages) > 0),
    -- Experts of the provider.
    trainers uuid[] NOT NULL,
    -- How many are to take part; null if it was not said.
    people integer CHECK (people > 0),
    women integer CHECK (women > 0 AND women <= people),
    -- The deliveries whose participants were counted.
    reported uuid[] NOT NULL CHECK (reported <@ deliveries),
    reason text,
    planned_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    held_at timestamptz,
    CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL) AND (status = 'cancelled') = (reason IS NOT NULL)),
    CHECK ((status = 'held') = (held_at IS NOT NULL)),
    CHECK (status = 'held' OR cardinality(reported) = 0)
);
CREATE INDEX session_of_delivery ON session USING gin (deliveries);
CREATE INDEX session_of_trainer ON session USING gin (trainers);

-- Visibility of sessions, as in policy.py; a test compares them.
CREATE FUNCTION sees_session(states text[], of_provider text, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN oversees(role) THEN true
    WHEN role IN ('focal_point', 'official') THEN organization = ANY (states)
    WHEN role = 'provider_officer' THEN of_provider = organization
    ELSE false
END;

CALL wall_in('session', 'sees_session(states, provider, caller_organization(), caller_role())');

-- Its place or link, and the comment on its last move.
CREATE TABLE session_text (
    session_id uuid PRIMARY KEY REFERENCES session DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    place text NOT NULL,
    comment text NOT NULL
);

-- Participants by sex, age band and function, of each delivery in a session. A small count can identify a person: only
-- both sides of the delivery and coordinators read them. The journal has their sums by sex, for figures.
CREATE TABLE participant_count (
    session_id uuid NOT NULL REFERENCES session DEFERRABLE INITIALLY DEFERRED,
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    counts json NOT NULL,
    PRIMARY KEY (session_id, delivery_id)
);
CREATE INDEX participant_count_of_delivery ON participant_count (delivery_id);

CALL wall_in('session_text', 'EXISTS (SELECT FROM session s WHERE s.session_id = session_text.session_id)');
CALL wall_in('participant_count', 'caller_role() NOT IN (''auditor'', ''service'')
    AND EXISTS (SELECT FROM delivery d WHERE d.delivery_id = participant_count.delivery_id)');

-- -- results ----------------------------------------------------------------------------------------------------------

-- One for each indicator of a delivery, as it was reported last.
CREATE TABLE result (
    result_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    indicator text NOT NULL,
    status text NOT NULL CHECK (status IN ('reported', 'confirmed', 'disputed')),
    revision integer NOT NULL CHECK (revision > 0),
    -- In the indicator's unit.
    baseline integer CHECK (baseline >= 0),
    target integer CHECK (target >= 0),
    actual integer NOT NULL CHECK (actual >= 0),
    measured_on date NOT NULL,
    -- A file of the delivery that shows it.
    file_id uuid,
    reported_by text NOT NULL CHECK (reported_by IN ('state', 'provider')),
    reported_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    disputed_at timestamptz,
    reason text,
    UNIQUE (delivery_id, indicator),
    CHECK ((status = 'confirmed') = (confirmed_at IS NOT NULL)),
    CHECK ((status = 'disputed') = (disputed_at IS NOT NULL) AND (status = 'disputed') = (reason IS NOT NULL))
);
CREATE INDEX result_of_file ON result (file_id) WHERE file_id IS NOT NULL;

-- The comment on the last report, and that of the State in answer.
CREATE TABLE result_text (
    result_id uuid PRIMARY KEY REFERENCES result DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    comment text NOT NULL,
    answer text NOT NULL
);

-- Registered requests, as the requests service says, or the confirmation of a match. Results of closed ones are settled;
-- one that its State withdrew, or a coordinator declined, has ended.
CREATE TABLE known_request (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    closed_at timestamptz,
    ended_at timestamptz
);

CREATE FUNCTION sees_request(of_state text, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN oversees(role) OR (role IN ('focal_point', 'official') AND of_state = organization);

CALL wall_in('result', 'EXISTS (SELECT FROM delivery d WHERE d.delivery_id = result.delivery_id)');
CALL wall_in('result_text', 'EXISTS (SELECT FROM result r WHERE r.result_id = result_text.result_id)');
CALL wall_in('known_request', 'sees_request(state, caller_organization(), caller_role())');

-- -- strategies -------------------------------------------------------------------------------------------------------

-- Strategies of a request against transnational organized crime (resolution 11/2, II.b).
CREATE TABLE strategy (
    strategy_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    stakeholders text[] NOT NULL CHECK (cardinality(stakeholders) > 0 AND stakeholders <@ ARRAY[
        'ministry', 'parliament', 'judiciary', 'prosecution', 'law_enforcement', 'other_authority', 'civil_society',
        'private_sector', 'academia', 'international_organization']),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    status text NOT NULL CHECK (status IN ('active', 'concluded')),
    revision integer NOT NULL CHECK (revision > 0),
    drawn_up_at timestamptz NOT NULL,
    concluded_at timestamptz,
    CHECK ((status = 'concluded') = (concluded_at IS NOT NULL))
);
CREATE INDEX strategy_of_request ON strategy (request_id, strategy_id);

-- The providers with a delivery of a request that is not terminated.
CREATE FUNCTION delivering_providers(request_id uuid) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(SELECT DISTINCT provider FROM delivery d
    WHERE d.request_id = delivering_providers.request_id AND d.status <> 'terminated' ORDER BY provider);

-- Visibility of strategies, as in policy.py; a test compares them.
CREATE FUNCTION sees_strategy(of_state text, of_request uuid, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN oversees(role) THEN true
    WHEN role IN ('focal_point', 'official') THEN of_state = organization
    WHEN role = 'provider_officer' THEN organization = ANY (delivering_providers(of_request))
    ELSE false
END;

-- Its title and which organization does what, with the comment on its last move.
CREATE TABLE strategy_text (
    strategy_id uuid PRIMARY KEY REFERENCES strategy DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    roles text NOT NULL,
    comment text NOT NULL
);

CALL wall_in('strategy', 'sees_strategy(state, request_id, caller_organization(), caller_role())');
CALL wall_in('strategy_text', 'EXISTS (SELECT FROM strategy s WHERE s.strategy_id = strategy_text.strategy_id)');

-- -- action points ----------------------------------------------------------------------------------------------------

-- Of a delivery, or of a strategy.
CREATE TABLE action_point (
    action_point_id uuid PRIMARY KEY,
    delivery_id uuid,
    strategy_id uuid,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text,
    source text NOT NULL CHECK (source IN (
        'evaluation', 'session', 'inequality_checklist', 'human_rights_screening', 'strategy_milestone', 'other')),
    -- The side that has to act.
    owner text NOT NULL CHECK (owner IN ('state', 'provider', 'unodc')),
    due_on date NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    status text NOT NULL CHECK (status IN ('open', 'done', 'verified', 'dropped')),
    revision integer NOT NULL CHECK (revision > 0),
    added_at timestamptz NOT NULL,
    -- Two persons.
    done_by uuid,
    done_at timestamptz,
    verified_by uuid CHECK (verified_by <> done_by),
    verified_at timestamptz,
    dropped_at timestamptz,
    reason text,
    -- When its owner was reminded on its due day.
    reminded_at timestamptz,
    CHECK (num_nonnulls(delivery_id, strategy_id) = 1 AND (provider IS NULL) = (delivery_id IS NULL)),
    CHECK (strategy_id IS NULL OR (owner <> 'provider' AND source IN ('strategy_milestone', 'evaluation'))),
    CHECK ((done_by IS NULL) = (done_at IS NULL) AND (verified_by IS NULL) = (verified_at IS NULL)),
    CHECK (status NOT IN ('done', 'verified') OR done_at IS NOT NULL),
    CHECK (status <> 'open' OR done_at IS NULL),
    CHECK ((status = 'verified') = (verified_at IS NOT NULL)),
    CHECK ((status = 'dropped') = (dropped_at IS NOT NULL) AND (status = 'dropped') = (reason IS NOT NULL))
);
CREATE INDEX action_point_of_delivery ON action_point (delivery_id, due_on);
CREATE INDEX action_point_of_strategy ON action_point (strategy_id, due_on);
CREATE INDEX action_point_due ON action_point (due_on) WHERE status = 'open' AND reminded_at IS NULL;

CREATE FUNCTION sees_action_point(
    of_strategy uuid, of_request uuid, of_state text, of_provider text, organization text, role text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role = 'provider_officer' AND of_strategy IS NOT NULL
        THEN organization = ANY (delivering_providers(of_request))
    ELSE reads_along(of_state, of_provider, false, organization, role)
END;

-- What is to be done, and the comment on the last move.
CREATE TABLE action_point_text (
    action_point_id uuid PRIMARY KEY REFERENCES action_point DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    text text NOT NULL,
    comment text NOT NULL
);

CALL wall_in('action_point',
    'sees_action_point(strategy_id, request_id, state, provider, caller_organization(), caller_role())');
CALL wall_in('action_point_text',
    'EXISTS (SELECT FROM action_point a WHERE a.action_point_id = action_point_text.action_point_id)');

-- -- screenings -------------------------------------------------------------------------------------------------------

-- The analysis of inequalities and the screening for human rights of a delivery, with the answers by question.
CREATE TABLE screening (
    screening_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    screening text NOT NULL CHECK (screening IN ('inequality', 'human_rights')),
    status text NOT NULL CHECK (status IN ('open', 'completed')),
    revision integer NOT NULL CHECK (revision > 0),
    answers json NOT NULL,
    answered_at timestamptz NOT NULL,
    completed_at timestamptz,
    UNIQUE (delivery_id, screening),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);

-- Comments on answers, by question.
CREATE TABLE screening_text (
    screening_id uuid PRIMARY KEY REFERENCES screening DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    comments json NOT NULL
);

CALL wall_in('screening', 'EXISTS (SELECT FROM delivery d WHERE d.delivery_id = screening.delivery_id)');
CALL wall_in('screening_text', 'EXISTS (SELECT FROM screening s WHERE s.screening_id = screening_text.screening_id)');

-- -- experts ----------------------------------------------------------------------------------------------------------

-- The roster of trainers of each provider.
CREATE TABLE expert (
    expert_id uuid PRIMARY KEY,
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('listed', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    topics text[] NOT NULL CHECK (cardinality(topics) > 0),
    kinds text[] NOT NULL,
    languages text[] NOT NULL CHECK (cardinality(languages) > 0),
    -- When the expert is available; at any time if there are none.
    periods json NOT NULL,
    consented_on date,
    -- The person who recorded the consent.
    recorded_by uuid,
    listed_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CHECK ((consented_on IS NULL) = (recorded_by IS NULL)),
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX expert_of_provider ON expert (provider, expert_id);

-- Visibility of experts, as in policy.py; a test compares them.
CREATE FUNCTION sees_expert(
    of_expert uuid, of_provider text, of_status text, consented_on date, organization text, role text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN role = 'service' OR (role = 'provider_officer' AND of_provider = organization)
    OR (of_status = 'listed' AND consented_on IS NOT NULL AND (role = 'coordinator'
        OR (role IN ('focal_point', 'official') AND EXISTS (
            SELECT FROM session s WHERE s.trainers @> ARRAY[of_expert] AND organization = ANY (s.states)))));

CALL wall_in('expert', 'sees_expert(expert_id, provider, status, consented_on, caller_organization(), caller_role())');

-- The States of the sessions in which an expert teaches.
CREATE FUNCTION taught_states(expert_id uuid) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(SELECT DISTINCT state FROM session s, unnest(s.states) AS state
    WHERE s.trainers @> ARRAY[expert_id] ORDER BY state);

-- Who an expert is; deleted when the expert is withdrawn or erased.
CREATE TABLE expert_text (
    expert_id uuid PRIMARY KEY REFERENCES expert DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL,
    function text NOT NULL,
    biography text NOT NULL,
    email text,
    person_id uuid,
    -- As the expert states it.
    sex text NOT NULL CHECK (sex IN ('women', 'men', 'other_or_not_stated'))
);
CREATE INDEX expert_text_person ON expert_text (person_id) WHERE person_id IS NOT NULL;

-- Other services learn of an expert only that it is there.
CALL wall_in('expert_text', 'caller_role() <> ''service''
    AND EXISTS (SELECT FROM expert e WHERE e.expert_id = expert_text.expert_id)');

-- -- follow-ups -------------------------------------------------------------------------------------------------------

-- One for each side, 6 and 12 months after a delivery was completed.
CREATE TABLE follow_up (
    follow_up_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    match_id uuid NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    side text NOT NULL CHECK (side IN ('state', 'provider')),
    -- Who is asked.
    organization text NOT NULL,
    role text NOT NULL,
    month integer NOT NULL CHECK (month > 0),
    status text NOT NULL CHECK (status IN ('scheduled', 'asked', 'answered', 'lapsed')),
    revision integer NOT NULL CHECK (revision > 0),
    due_at timestamptz NOT NULL,
    -- Until when an answer can be revised.
    closes_at timestamptz NOT NULL CHECK (closes_at > due_at),
    -- When the clock asks, reminds or lets it lapse.
    next_at timestamptz,
    scheduled_at timestamptz NOT NULL,
    asked_at timestamptz,
    reminded_at timestamptz,
    lapsed_at timestamptz,
    answered_at timestamptz,
    result text CHECK (result IN ('in_use', 'partly', 'not_in_use', 'too_early')),
    language text CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    UNIQUE (delivery_id, month, side),
    CHECK ((status IN ('scheduled', 'asked')) = (next_at IS NOT NULL)),
    CHECK ((status = 'scheduled') = (asked_at IS NULL)),
    CHECK ((status = 'answered') = (answered_at IS NOT NULL) AND (status = 'answered') = (result IS NOT NULL)),
    CHECK ((status = 'lapsed') = (lapsed_at IS NOT NULL))
);
CREATE INDEX follow_up_due ON follow_up (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX follow_up_asked ON follow_up (request_id) WHERE status = 'asked';

-- What a side added to its answer.
CREATE TABLE follow_up_text (
    follow_up_id uuid PRIMARY KEY REFERENCES follow_up DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    text text NOT NULL
);

CALL wall_in('follow_up', 'reads_along(state, provider, false, caller_organization(), caller_role())');
CALL wall_in('follow_up_text', 'EXISTS (SELECT FROM follow_up f WHERE f.follow_up_id = follow_up_text.follow_up_id)');

-- -- effects ----------------------------------------------------------------------------------------------------------

-- What changed in a State after a delivery. `side` is null if a coordinator recorded it.
CREATE TABLE effect (
    effect_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery DEFERRABLE INITIALLY DEFERRED,
    match_id uuid NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    side text CHECK (side IN ('state', 'provider')),
    change text NOT NULL
        CHECK (change IN ('law_changed', 'sherloc_record_updated', 'observation_moved', 'institution_set_up', 'other')),
    happened_on date NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    articles text[] NOT NULL,
    -- Of an observation of the review.
    moved_from text CHECK (moved_from IN ('not_addressed', 'partly_addressed', 'addressed')),
    moved_to text CHECK (moved_to IN ('not_addressed', 'partly_addressed', 'addressed')),
    file_id uuid,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('recorded', 'verified', 'declined', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    verified_at timestamptz,
    declined_at timestamptz,
    withdrawn_at timestamptz,
    reason text,
    CHECK ((change = 'observation_moved') = (moved_from IS NOT NULL)),
    CHECK ((moved_from IS NULL) = (moved_to IS NULL) AND moved_from IS DISTINCT FROM moved_to OR moved_to IS NULL),
    CHECK ((status = 'verified') = (verified_at IS NOT NULL)),
    CHECK ((status = 'declined') = (declined_at IS NOT NULL) AND (status = 'declined') = (reason IS NOT NULL)),
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX effect_of_delivery ON effect (delivery_id, effect_id);
CREATE INDEX effect_of_request ON effect (request_id, effect_id);
CREATE INDEX effect_file ON effect (file_id) WHERE file_id IS NOT NULL;

-- Its words, with the comment on its last move; deleted when it is withdrawn.
CREATE TABLE effect_text (
    effect_id uuid PRIMARY KEY REFERENCES effect DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    gazette text NOT NULL,
    address text NOT NULL,
    comment text NOT NULL
);

CALL wall_in('effect', 'reads_along(state, provider, false, caller_organization(), caller_role())');
CALL wall_in('effect_text', 'EXISTS (SELECT FROM effect e WHERE e.effect_id = effect_text.effect_id)');
