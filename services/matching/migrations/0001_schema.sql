-- append-only: match_move, weights
-- Texts are in separate tables (`offering_text`, `remark`), so that they can be erased; the journal holds salted hashes.
-- Their foreign keys are deferred, because the referenced tables are rebuilt from the journal.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');

CREATE FUNCTION is_own(state text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() IN ('focal_point', 'official') AND state = caller_organization();

CREATE FUNCTION is_offered(provider text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() = 'provider_officer' AND provider = caller_organization();

-- A transaction without a caller reads no rows, not even public ones.
CREATE FUNCTION is_named() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(caller_role(), '') <> '';

-- -- offerings --------------------------------------------------------------------------------------------------------

CREATE TABLE offering (
    offering_id uuid PRIMARY KEY,
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'available', 'suspended', 'lapsed',
        'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    texts_hash text NOT NULL,
    kinds text[] NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    pillars text[] NOT NULL,
    languages text[] NOT NULL,
    interpretation text[] NOT NULL,
    modalities text[] NOT NULL,
    curriculum text[] NOT NULL,
    group_size_max integer CHECK (group_size_max > 0),
    eligible_states text[] NOT NULL,
    eligible_regions text[] NOT NULL,
    excluded_states text[] NOT NULL,
    income_groups text[] NOT NULL,
    special_groups text[] NOT NULL,
    -- The instruments that a State must be party to.
    treaties text[] NOT NULL,
    valid_from date NOT NULL,
    valid_until date NOT NULL CHECK (valid_until >= valid_from),
    resource_status text NOT NULL CHECK (resource_status IN ('funded', 'partly', 'unfunded')),
    funding_minor bigint CHECK (funding_minor > 0),
    funding_currency text,
    drafted_at timestamptz NOT NULL,
    submitted_at timestamptz,
    available_since timestamptz,
    reconfirmed_at timestamptz,
    reason text,
    contact_hash text,
    public_language text CHECK (public_language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    public_texts_hash text,
    published_at timestamptz,
    -- The end of validity of which its provider was reminded, and when it is to be reminded next.
    reminded_for date,
    remind_at timestamptz,
    CHECK ((published_at IS NULL) = (public_language IS NULL) AND (published_at IS NULL) = (public_texts_hash IS NULL)),
    CHECK ((status = 'available') = (available_since IS NOT NULL)),
    CHECK (status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL),
    CHECK ((resource_status = 'funded') = (funding_minor IS NULL)),
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL))
);
CREATE INDEX offering_of_provider ON offering (provider, offering_id);
-- The first step of the search for candidates.
CREATE INDEX offering_available_kinds ON offering USING gin (kinds) WHERE status = 'available';
CREATE INDEX offering_validity ON offering (valid_until) WHERE status IN ('submitted', 'returned', 'available', 'suspended');
CREATE INDEX offering_reminder ON offering (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX offering_published ON offering (offering_id) WHERE published_at IS NOT NULL AND status = 'available';
CREATE INDEX offering_available_since ON offering (available_since) WHERE status = 'available';

-- The counter row is created with the offering, so there is always a row to lock.
CREATE TABLE capacity (
    offering_id uuid NOT NULL REFERENCES offering,
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    units integer NOT NULL,
    taken integer NOT NULL DEFAULT 0,
    PRIMARY KEY (offering_id, starts),
    CHECK (taken BETWEEN 0 AND units)
);

CREATE TABLE offering_text (
    offering_id uuid PRIMARY KEY REFERENCES offering DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    summary text NOT NULL
);

-- The contact point of an offering: a person of the provider.
CREATE TABLE offering_contact_text (
    offering_id uuid PRIMARY KEY REFERENCES offering DEFERRABLE INITIALLY DEFERRED,
    provider text NOT NULL,
    salt bytea NOT NULL,
    name text NOT NULL,
    function text NOT NULL,
    email text NOT NULL
);

-- What everybody reads of an offering in the public catalogue.
CREATE TABLE offering_public_text (
    offering_id uuid PRIMARY KEY REFERENCES offering DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    summary text NOT NULL
);

-- Translations, one per language; stale when `source_hash` is not the offering's `texts_hash`.
CREATE TABLE offering_translation (
    offering_translation_id uuid PRIMARY KEY,
    offering_id uuid NOT NULL REFERENCES offering,
    provider text NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    status text NOT NULL CHECK (status IN ('current', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    made_by text NOT NULL CHECK (made_by IN ('provider', 'unodc', 'machine')),
    source_language text NOT NULL CHECK (source_language <> language),
    source_hash text NOT NULL,
    texts_hash text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX offering_translation_language ON offering_translation (offering_id, language)
    WHERE status = 'current';
CREATE TABLE offering_translation_text (
    offering_translation_id uuid PRIMARY KEY REFERENCES offering_translation DEFERRABLE INITIALLY DEFERRED,
    offering_id uuid NOT NULL REFERENCES offering DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    summary text NOT NULL
);

-- Visibility of offerings, as in policy.py; a test compares them.
CREATE FUNCTION sees_offering(of_provider text, status text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service') OR of_provider = organization OR status = 'available';

-- As `Offering.shown_status`; a test compares them.
CREATE FUNCTION shown_status(of_offering uuid, status text, today date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN status = 'available' AND NOT EXISTS (
        SELECT FROM capacity c WHERE c.offering_id = of_offering AND c.ends >= today AND c.taken < c.units)
    THEN 'fully_reserved' ELSE status
END;

-- Whether everybody reads an offering's public text, as in policy.py; a test compares them.
CREATE FUNCTION is_public(published_at timestamptz, status text, kinds text[], restricted text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN published_at IS NOT NULL AND status = 'available' AND NOT kinds && restricted;

CALL wall_in('offering', 'is_named() AND sees_offering(provider, status, caller_organization(), caller_role())');
CALL wall_in('capacity', 'EXISTS (SELECT FROM offering o WHERE o.offering_id = capacity.offering_id)');
CALL wall_in('offering_translation',
    'EXISTS (SELECT FROM offering o WHERE o.offering_id = offering_translation.offering_id)');
CALL wall_in('offering_translation_text',
    'EXISTS (SELECT FROM offering o WHERE o.offering_id = offering_translation_text.offering_id)');
CALL wall_in('offering_public_text',
    'EXISTS (SELECT FROM offering o WHERE o.offering_id = offering_public_text.offering_id)');
CALL wall_in('offering_text', 'EXISTS (SELECT FROM offering o WHERE o.offering_id = offering_text.offering_id)');

-- -- requests, from facts of the requests service ---------------------------------------------------------------------

-- Submitted requests. `submitted_at` is the last submission, whose texts have the hash `texts_hash`; `waiting_since` is the
-- first submission; `priority` is from triage.
CREATE TABLE wanted_request (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    status text NOT NULL CHECK (status IN ('submitted', 'returned', 'registered', 'open', 'in_delivery', 'delivered',
        'closed', 'on_hold', 'not_accepted', 'lapsed', 'withdrawn')),
    held_from text,
    addressee text NOT NULL,
    addressed_states text[] NOT NULL,
    excluded_providers text[] NOT NULL,
    visibility text NOT NULL,
    circulation text NOT NULL,
    restricted boolean NOT NULL,
    priority text,
    texts_hash text NOT NULL,
    submitted_at timestamptz NOT NULL,
    waiting_since timestamptz NOT NULL
);
CREATE INDEX wanted_request_state ON wanted_request (state);

CREATE TABLE wanted_line (
    line_id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES wanted_request,
    kind text NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    pillars text[] NOT NULL,
    group_size integer NOT NULL,
    languages text[] NOT NULL,
    modality text NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL,
    cannot_wait boolean NOT NULL,
    -- Gender equality policy marker (OECD DAC), reported by donors.
    gender_marker integer NOT NULL CONSTRAINT wanted_line_gender_marker CHECK (gender_marker BETWEEN 0 AND 2)
);
CREATE INDEX wanted_line_request ON wanted_line (request_id);
CREATE INDEX wanted_line_kind ON wanted_line (kind, ends);

-- Providers a State does not wish to be served by. A separate table, since a provider's transaction may only read its own
-- rows, and none of `wanted_request`, which lists all excluded providers.
CREATE TABLE excluded_provider (
    request_id uuid NOT NULL REFERENCES wanted_request ON DELETE CASCADE,
    provider text NOT NULL,
    PRIMARY KEY (request_id, provider)
);

CREATE FUNCTION keep_excluded_providers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM excluded_provider WHERE request_id = NEW.request_id AND provider <> ALL (NEW.excluded_providers);
    INSERT INTO excluded_provider (request_id, provider)
    SELECT NEW.request_id, unnest(NEW.excluded_providers) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- Few requests exclude providers: the function is not called for the others.
CREATE TRIGGER excluded_providers_begun AFTER INSERT ON wanted_request
FOR EACH ROW WHEN (NEW.excluded_providers <> '{}') EXECUTE FUNCTION keep_excluded_providers();
CREATE TRIGGER excluded_providers_kept AFTER UPDATE OF excluded_providers ON wanted_request
FOR EACH ROW WHEN (OLD.excluded_providers IS DISTINCT FROM NEW.excluded_providers)
EXECUTE FUNCTION keep_excluded_providers();

CALL wall_in('wanted_request', 'oversees(caller_role()) OR is_own(state)');
CALL wall_in('wanted_line', 'EXISTS (SELECT FROM wanted_request r WHERE r.request_id = wanted_line.request_id)');
CALL wall_in('excluded_provider', 'oversees(caller_role()) OR is_offered(provider)
    OR (caller_role() = ''donor_officer'' AND provider = caller_organization())');

-- -- consents, from facts of the requests service ---------------------------------------------------------------------

-- Also polled every two seconds. `revision` is the request's: late or duplicate deliveries change nothing.
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

-- The watermark of polling, and the start of the last complete poll.
CREATE TABLE consent_reading (
    owner text PRIMARY KEY,
    after text NOT NULL,
    heard_at timestamptz NOT NULL
);
INSERT INTO consent_reading (owner, after, heard_at) VALUES ('requests', '0.0', '-infinity');

-- Whether an organization is among the recipients, as in contracts/consents.py.
CREATE FUNCTION names(recipients text[], organization text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'providers' = ANY (recipients) OR organization = ANY (recipients)
    OR ('unodc_units' = ANY (recipients) AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

-- Whether a consent in force includes an organization and its State does not exclude it: an excluded provider must not
-- learn of its exclusion. As `WantedLine.may_be_disclosed_to`.
CREATE FUNCTION disclosed(of_request uuid, organization text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM heard_consent AS c
    WHERE c.request_id = of_request AND c.withdrawn_at IS NULL AND c.ended_at IS NULL
      AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR now() < c.ends_at)
      AND names(c.recipients, organization)
) AND NOT EXISTS (SELECT FROM excluded_provider AS e WHERE e.request_id = of_request AND e.provider = organization);

CALL wall_in('heard_consent', 'oversees(caller_role()) OR is_own(state)
    OR (caller_role() IN (''provider_officer'', ''donor_officer'') AND names(recipients, caller_organization()))');

-- -- matches ----------------------------------------------------------------------------------------------------------

-- No foreign key to the offering: offerings are never deleted, and are read in the transaction that creates a match. A key
-- would lock, and so write, the offering's row for every match.
CREATE TABLE match (
    match_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    offering_id uuid NOT NULL,
    offering_revision integer NOT NULL,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('suggested', 'nominated', 'interested', 'shortlisted', 'presented', 'accepted',
        'provider_confirmed', 'confirmed', 'in_delivery', 'completed', 'declined_by_state', 'declined_by_provider',
        'not_pursued', 'expired', 'revoked')),
    revision integer NOT NULL CHECK (revision > 0),
    origin text NOT NULL CHECK (origin IN ('suggested', 'nominated', 'interested')),
    score integer NOT NULL CHECK (score BETWEEN 0 AND 1000),
    shares jsonb NOT NULL,
    algorithm text NOT NULL,
    -- The model's judgement of the two texts; null if only codes were scored.
    judged_by text,
    judged_version text,
    closeness integer,
    -- The bases of the shares when it was presented, in codes and numbers.
    bases jsonb,
    -- The period of its offering that a round planned.
    planned_from date,
    planned_until date,
    made_at timestamptz NOT NULL,
    interested_at timestamptz,
    presented_at timestamptz,
    departs boolean NOT NULL,
    departure text,
    accepted_at timestamptz,
    provider_confirmed_at timestamptz,
    confirmed_at timestamptz,
    capacity_from date,
    capacity_until date,
    funding_minor bigint,
    funding_currency text,
    begun_at timestamptz,
    completed_at timestamptz,
    -- Each side's latest evaluation: codes and ratings.
    state_evaluation jsonb,
    provider_evaluation jsonb,
    ended_at timestamptz,
    reason text,
    -- How many persons of the line's group it serves; null for all.
    covers integer CHECK (covers > 0),
    -- The hard constraints that a coordinator overrode, with the reason.
    override jsonb CONSTRAINT match_overridden_by_nomination CHECK (override IS NULL OR origin = 'nominated'),
    -- The joint delivery that it was presented for.
    joint_delivery_id uuid CONSTRAINT match_presented_jointly CHECK (
        joint_delivery_id IS NULL OR presented_at IS NOT NULL),
    -- One match per line and offering.
    UNIQUE (line_id, offering_id),
    CHECK (state <> provider),
    CONSTRAINT match_judged_whole CHECK ((judged_by IS NULL) = (closeness IS NULL)
        AND (judged_by IS NULL) = (judged_version IS NULL) AND closeness BETWEEN 0 AND 1000),
    CHECK (departs = (departure IS NOT NULL)),
    CHECK ((status IN ('confirmed', 'in_delivery', 'completed', 'revoked')) = (confirmed_at IS NOT NULL)),
    CHECK ((confirmed_at IS NULL) = (capacity_from IS NULL) AND (capacity_from IS NULL) = (capacity_until IS NULL)),
    CHECK (confirmed_at IS NULL OR (accepted_at IS NOT NULL AND provider_confirmed_at IS NOT NULL)),
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL)),
    CONSTRAINT match_evaluated_when_completed CHECK (
        status = 'completed' OR (state_evaluation IS NULL AND provider_evaluation IS NULL)),
    CHECK ((status IN ('declined_by_state', 'declined_by_provider', 'not_pursued', 'revoked')) = (reason IS NOT NULL))
);
CREATE INDEX match_of_request ON match (request_id);
CREATE INDEX match_of_line ON match (line_id DESC, score DESC, offering_id);
CREATE INDEX match_not_confirmed ON match (offering_id) WHERE status IN ('suggested', 'nominated', 'interested',
    'shortlisted', 'presented', 'accepted', 'provider_confirmed');
CREATE INDEX match_of_state ON match (state, line_id DESC) WHERE presented_at IS NOT NULL;
CREATE INDEX match_of_provider ON match (provider, line_id DESC);
-- Completed deliveries are counted whenever an offering of the provider is scored.
CREATE INDEX match_completed ON match (provider) WHERE status = 'completed';
CREATE INDEX match_joint ON match (joint_delivery_id) WHERE joint_delivery_id IS NOT NULL;

-- The first suggestions of each line, as in the fact matching.line.ranked.v1: one row, best first. A match gets a row in
-- `match` with the first fact of its own; `untouched` are the offerings whose match has none yet.
CREATE TABLE line_ranking (
    line_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    algorithm text NOT NULL,
    -- The criteria of the score, and their weights.
    criteria text[] NOT NULL,
    weights smallint[] NOT NULL,
    match_ids uuid[] NOT NULL,
    offering_ids uuid[] NOT NULL,
    providers text[] NOT NULL,
    offering_revisions integer[] NOT NULL,
    scores smallint[] NOT NULL,
    -- The points of each criterion for the first suggestion, then for the second …
    points smallint[] NOT NULL,
    ranked_at timestamptz NOT NULL,
    untouched uuid[] NOT NULL CHECK (untouched <@ offering_ids),
    CHECK (cardinality(weights) = cardinality(criteria)
        AND cardinality(match_ids) = cardinality(offering_ids) AND cardinality(providers) = cardinality(offering_ids)
        AND cardinality(offering_revisions) = cardinality(offering_ids) AND cardinality(scores) = cardinality(offering_ids)
        AND cardinality(points) = cardinality(offering_ids) * cardinality(criteria))
) WITH (toast_tuple_target = 8160);

-- The ids of a ranking's matches only differ in the last byte (`new_ids` in chassis/ids.py): one index entry for all.
CREATE FUNCTION id_prefix(id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (left(id::text, 34) || '00')::uuid;

CREATE UNIQUE INDEX line_ranking_of_matches ON line_ranking (id_prefix(match_ids[1]));
CREATE INDEX line_ranking_of_request ON line_ranking (request_id) WHERE untouched <> '{}';
-- Without a pending list, which each search would scan.
CREATE INDEX line_ranking_of_offering ON line_ranking USING gin (untouched) WITH (fastupdate = off);

CREATE FUNCTION suggestions(of_line uuid) RETURNS TABLE (match_id uuid, offering_id uuid, provider text,
    offering_revision integer, score integer, shares jsonb)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT e.match_id, e.offering_id, e.provider, e.offering_revision, e.score::integer, (
        SELECT jsonb_agg(jsonb_build_object('criterion', c.criterion, 'points', c.points, 'of', c.weight) ORDER BY c.place)
        FROM unnest(r.criteria, r.weights,
                r.points[(e.place - 1) * cardinality(r.criteria) + 1 : e.place * cardinality(r.criteria)])
            WITH ORDINALITY AS c(criterion, weight, points, place))
    FROM line_ranking AS r, unnest(r.match_ids, r.offering_ids, r.providers, r.offering_revisions, r.scores)
        WITH ORDINALITY AS e(match_id, offering_id, provider, offering_revision, score, place)
    WHERE r.line_id = of_line
$$;

-- The matches of a ranking that have no row yet, as rows.
CREATE FUNCTION untouched_matches(of_line uuid) RETURNS SETOF match LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.match_id, r.request_id, r.line_id, s.offering_id, s.offering_revision, r.state, s.provider, 'suggested', 0,
        'suggested', s.score, s.shares, r.algorithm, NULL::text, NULL::text, NULL::integer, NULL::jsonb, NULL::date,
        NULL::date, r.ranked_at, NULL::timestamptz, NULL::timestamptz, false, NULL::text, NULL::timestamptz,
        NULL::timestamptz, NULL::timestamptz, NULL::date, NULL::date, NULL::bigint, NULL::text, NULL::timestamptz,
        NULL::timestamptz, NULL::jsonb, NULL::jsonb, NULL::timestamptz, NULL::text, NULL::integer, NULL::jsonb,
        NULL::uuid
    FROM line_ranking AS r, suggestions(r.line_id) AS s
    WHERE r.line_id = of_line AND s.offering_id = ANY (r.untouched)
$$;

-- Matches with or without a row. PostgreSQL inlines these functions.
CREATE FUNCTION match_by_id(id uuid) RETURNS SETOF match LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM match WHERE match_id = id
    UNION ALL SELECT m.* FROM line_ranking AS r CROSS JOIN LATERAL untouched_matches(r.line_id) AS m
    WHERE id_prefix(r.match_ids[1]) = id_prefix(id) AND m.match_id = id
$$;
CREATE FUNCTION matches_of_line(line uuid) RETURNS SETOF match LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM match WHERE line_id = line UNION ALL SELECT * FROM untouched_matches(line)
$$;
CREATE FUNCTION matches_of_request(request uuid) RETURNS SETOF match LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM match WHERE request_id = request
    UNION ALL SELECT m.* FROM line_ranking AS r CROSS JOIN LATERAL untouched_matches(r.line_id) AS m
    WHERE r.request_id = request AND r.untouched <> '{}'
$$;
CREATE FUNCTION matches_of_offering(offering uuid) RETURNS SETOF match LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM match WHERE offering_id = offering
    UNION ALL SELECT m.* FROM line_ranking AS r CROSS JOIN LATERAL untouched_matches(r.line_id) AS m
    WHERE r.untouched @> ARRAY[offering] AND m.offering_id = offering
$$;

-- How many persons of a line's group no confirmed match covers.
CREATE FUNCTION residue(of_line uuid, group_size integer) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(0, group_size - (
    SELECT coalesce(sum(coalesce(m.covers, group_size)), 0) FROM match AS m
    WHERE m.line_id = of_line AND m.status IN ('confirmed', 'in_delivery', 'completed')));

-- Visibility of matches, as in policy.py; a test compares them. Confirmed matches stay visible to both sides; before that
-- a provider outside UNODC needs a consent in force.
CREATE FUNCTION sees_match(of_request uuid, of_state text, of_provider text, presented_at timestamptz,
    interested_at timestamptz, confirmed_at timestamptz, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('coordinator', 'auditor', 'service') THEN true
    WHEN role IN ('focal_point', 'official') THEN of_state = organization AND presented_at IS NOT NULL
    WHEN role = 'provider_officer' THEN
        of_provider = organization AND (presented_at IS NOT NULL OR interested_at IS NOT NULL)
        AND (confirmed_at IS NOT NULL OR organization = 'UNODC' OR starts_with(organization, 'UNODC-')
             OR disclosed(of_request, organization))
    ELSE false
END;

-- A match with a State's offering, a unit of UNODC and a donor's pledge, presented together.
CREATE TABLE package (
    package_id uuid PRIMARY KEY,
    match_id uuid NOT NULL,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    provider text NOT NULL CHECK (provider ~ '^[A-Z]{3}$'),
    unit text NOT NULL CHECK (unit = 'UNODC' OR starts_with(unit, 'UNODC-')),
    unit_role text CHECK (unit_role IN ('backstopping', 'coordination', 'quality_assurance', 'logistics')),
    donor text NOT NULL CHECK (donor <> state AND donor <> provider),
    pledge_id uuid NOT NULL,
    fund text NOT NULL,
    -- The money asked from the pledge, and its worth in US cents when it was presented.
    minor bigint NOT NULL CHECK (minor > 0),
    currency text NOT NULL,
    usd_minor bigint NOT NULL CHECK (usd_minor >= 0),
    status text NOT NULL CHECK (status IN ('presented', 'confirmed', 'declined', 'withdrawn', 'ended')),
    revision integer NOT NULL CHECK (revision > 0),
    presented_at timestamptz NOT NULL,
    state_agreed_at timestamptz,
    provider_agreed_at timestamptz,
    unit_agreed_at timestamptz,
    donor_agreed_at timestamptz,
    confirmed_at timestamptz,
    ended_at timestamptz,
    declined_by text CHECK (declined_by IN ('unit', 'donor')),
    reason text,
    CHECK (confirmed_at IS NULL OR (state_agreed_at IS NOT NULL AND provider_agreed_at IS NOT NULL
        AND unit_agreed_at IS NOT NULL AND donor_agreed_at IS NOT NULL)),
    CHECK (status <> 'confirmed' OR confirmed_at IS NOT NULL),
    CHECK ((status IN ('declined', 'withdrawn', 'ended')) = (ended_at IS NOT NULL)),
    CHECK ((ended_at IS NULL) = (reason IS NULL)),
    CHECK ((status = 'declined') = (declined_by IS NOT NULL))
);
-- A match has one at a time.
CREATE UNIQUE INDEX package_of_match ON package (match_id) WHERE status IN ('presented', 'confirmed');
CREATE INDEX package_of_request ON package (request_id);
CREATE INDEX package_of_pledge ON package (pledge_id) WHERE status IN ('presented', 'confirmed');

-- Visibility of packages, as in policy.py; a test compares them.
CREATE FUNCTION sees_package(of_request uuid, of_state text, of_unit text, of_provider text, of_donor text,
    confirmed_at timestamptz, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('coordinator', 'auditor', 'service') THEN true
    WHEN role IN ('focal_point', 'official') THEN of_state = organization
    WHEN role = 'provider_officer' THEN of_unit = organization OR (
        of_provider = organization AND (confirmed_at IS NOT NULL OR disclosed(of_request, organization)))
    WHEN role = 'donor_officer' THEN
        of_donor = organization AND (confirmed_at IS NOT NULL OR disclosed(of_request, organization))
    ELSE false
END;

CALL wall_in('package',
    'sees_package(request_id, state, unit, provider, donor, confirmed_at, caller_organization(), caller_role())');

-- Comments on moves of offerings, matches and packages, and on the evaluation by one `side`.
CREATE TABLE remark (
    about_id uuid NOT NULL,
    revision integer NOT NULL,
    comment text NOT NULL,
    side text CONSTRAINT remark_side CHECK (side IN ('state', 'provider')),
    PRIMARY KEY (about_id, revision)
);

-- Every match after each of its moves, folded from facts. Suggestions of `line_ranking` have no row; `moves_of_line` adds
-- them. A line's ranking at a time consists of the last move of each of its matches before it.
CREATE TABLE match_move (
    match_id uuid NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    line_id uuid NOT NULL,
    offering_id uuid NOT NULL,
    offering_revision integer NOT NULL,
    status text NOT NULL CHECK (status IN ('suggested', 'nominated', 'interested', 'shortlisted', 'presented', 'accepted',
        'provider_confirmed', 'confirmed', 'in_delivery', 'completed', 'declined_by_state', 'declined_by_provider',
        'not_pursued', 'expired', 'revoked')),
    at timestamptz NOT NULL,
    reason text,
    score integer NOT NULL CHECK (score BETWEEN 0 AND 1000),
    shares jsonb NOT NULL,
    algorithm text NOT NULL,
    PRIMARY KEY (match_id, revision)
);
CREATE INDEX match_move_of_line ON match_move (line_id, match_id, revision);

-- The moves of a line's matches, or of one of them. A suggestion of a ranking is a move to revision 0.
CREATE FUNCTION moves_of_line(line uuid, id uuid DEFAULT NULL) RETURNS SETOF match_move
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM match_move WHERE line_id = line AND (id IS NULL OR match_id = id)
    UNION ALL SELECT s.match_id, 0, r.line_id, s.offering_id, s.offering_revision, 'suggested', r.ranked_at, NULL::text,
        s.score, s.shares, r.algorithm
    FROM line_ranking AS r CROSS JOIN LATERAL suggestions(r.line_id) AS s
    WHERE r.line_id = line AND (id IS NULL OR s.match_id = id)
$$;

-- A line's matches as shown in a list to a role, in order; duplicates are not written. The person is not recorded.
CREATE TABLE ranking_shown (
    ranking_id uuid PRIMARY KEY,
    line_id uuid NOT NULL,
    state text NOT NULL,
    role text NOT NULL CHECK (role IN ('coordinator', 'focal_point', 'official')),
    digest bytea NOT NULL,
    shown_at timestamptz NOT NULL,
    matches uuid[] NOT NULL,
    revisions integer[] NOT NULL,
    places integer[] NOT NULL,
    UNIQUE (line_id, role, digest),
    CHECK (cardinality(matches) = cardinality(revisions) AND cardinality(matches) = cardinality(places))
);

-- Wider than `may_see`, since both sides may see how many matches of the line rank above theirs.
-- A contact point is shown to coordinators and its provider, and to States that have agreed to a delivery.
CALL wall_in('offering_contact_text', 'caller_role() = ''coordinator'' OR is_offered(provider) OR EXISTS (
    SELECT FROM match m WHERE m.offering_id = offering_contact_text.offering_id AND is_own(m.state)
    AND m.status IN (''confirmed'', ''in_delivery'', ''completed''))');
ALTER POLICY for_callers ON offering_contact_text WITH CHECK (is_offered(provider));
CALL wall_in('match', 'oversees(caller_role()) OR is_own(state) OR is_offered(provider)');
CALL wall_in('line_ranking', 'oversees(caller_role()) OR is_own(state)');
-- Comments on an offering's moves are visible to its provider and UNODC; on a match's moves to all who see the match; on an
-- evaluation to the side that wrote it and UNODC.
CALL wall_in('remark', '
    (EXISTS (SELECT FROM match m WHERE m.match_id = about_id AND sees_match(m.request_id, m.state, m.provider,
            m.presented_at, m.interested_at, m.confirmed_at, caller_organization(), caller_role()))
        OR EXISTS (SELECT FROM offering o WHERE o.offering_id = about_id
                   AND (oversees(caller_role()) OR o.provider = caller_organization()))
        OR EXISTS (SELECT FROM package p WHERE p.package_id = about_id))
    AND (side IS NULL OR oversees(caller_role())
        OR (side = ''state'' AND caller_role() IN (''focal_point'', ''official''))
        OR (side = ''provider'' AND caller_role() = ''provider_officer''))');
-- Without `may_see`: a comment is written in the same statement as its move, which sees the match before the move.
ALTER POLICY for_callers ON remark WITH CHECK (
    (EXISTS (SELECT FROM match m WHERE m.match_id = about_id)
        OR EXISTS (SELECT FROM offering o WHERE o.offering_id = about_id))
    AND (side IS NULL OR oversees(caller_role())
        OR (side = 'state' AND caller_role() IN ('focal_point', 'official'))
        OR (side = 'provider' AND caller_role() = 'provider_officer')));
CALL wall_in('match_move', 'oversees(caller_role())');
CALL wall_in('ranking_shown', 'oversees(caller_role()) OR (role = caller_role() AND is_own(state))');

-- -- joint deliveries -------------------------------------------------------------------------------------------------

-- One delivery of an offering for lines of several States, as proposed. Its matches name it: `match.joint_delivery_id`.
-- The row is also the lock under which its matches take and give back their common unit of capacity.
CREATE TABLE joint_delivery (
    joint_delivery_id uuid PRIMARY KEY,
    offering_id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL,
    modality text NOT NULL,
    -- What the lines have in common.
    topics text[] NOT NULL,
    languages text[] NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    people integer NOT NULL CHECK (people > 0),
    proposed_at timestamptz NOT NULL
);
CREATE INDEX joint_delivery_of_offering ON joint_delivery (offering_id, joint_delivery_id);

-- In the order of `place`, with the persons of each and its share of the money that the delivery lacks.
CREATE TABLE joint_delivery_member (
    joint_delivery_id uuid NOT NULL REFERENCES joint_delivery,
    match_id uuid NOT NULL,
    place integer NOT NULL CHECK (place > 0),
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    persons integer NOT NULL CHECK (persons > 0),
    funding_minor bigint CHECK (funding_minor > 0),
    funding_currency text,
    PRIMARY KEY (joint_delivery_id, match_id),
    UNIQUE (joint_delivery_id, place),
    UNIQUE (joint_delivery_id, state),
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL))
);

-- Visibility of joint deliveries, as in policy.py; a test compares them: to those who see one of its matches.
CREATE FUNCTION sees_joint_delivery(id uuid, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN oversees(role) OR EXISTS (
    SELECT FROM match AS m WHERE m.joint_delivery_id = id AND sees_match(
        m.request_id, m.state, m.provider, m.presented_at, m.interested_at, m.confirmed_at, organization, role));

CALL wall_in('joint_delivery', 'sees_joint_delivery(joint_delivery_id, caller_organization(), caller_role())');
-- Each side sees its own matches: the name of another State is confidential until both have accepted.
CALL wall_in('joint_delivery_member', 'oversees(caller_role()) OR EXISTS (
    SELECT FROM match AS m WHERE m.match_id = joint_delivery_member.match_id
        AND m.joint_delivery_id = joint_delivery_member.joint_delivery_id
        AND sees_match(m.request_id, m.state, m.provider, m.presented_at, m.interested_at, m.confirmed_at,
            caller_organization(), caller_role()))');

-- -- treaty status and weights ----------------------------------------------------------------------------------------

-- Treaty status recorded by coordinators, later than the list in contracts/reference.
CREATE TABLE treaty_status (
    treaty_status_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    instrument text NOT NULL,
    party boolean NOT NULL,
    as_of date NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    recorded_at timestamptz NOT NULL,
    UNIQUE (state, instrument)
);

CREATE FUNCTION recorded_treaties(of_state text) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(json_agg(json_build_object(
        'instrument', instrument, 'party', party, 'as_of', as_of, 'recorded', true)), '[]')
    FROM treaty_status WHERE state = of_state
);

-- The criteria's weights in each adopted version; version 0 comes with the program.
CREATE TABLE weights (
    version integer PRIMARY KEY CHECK (version > 0),
    weights jsonb NOT NULL,
    reason text NOT NULL,
    adopted_at timestamptz NOT NULL
);

-- Readable by all callers.
CALL wall_in('treaty_status', 'is_named()');
CALL wall_in('weights', 'is_named()');
ALTER POLICY for_callers ON treaty_status WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON weights WITH CHECK (caller_role() = 'coordinator');

-- -- rounds -----------------------------------------------------------------------------------------------------------

-- Allocation rounds and their status.
CREATE TABLE round (
    round_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('asked', 'planned', 'failed', 'adopted', 'discarded')),
    revision integer NOT NULL CHECK (revision > 0),
    seed integer NOT NULL CHECK (seed >= 0),
    seconds integer NOT NULL CHECK (seconds > 0),
    based_on uuid,
    settings_hash text NOT NULL,
    asked_at timestamptz NOT NULL,
    answer_hash text,
    outcome text,
    ended text,
    lines integer,
    deliveries integer,
    value bigint,
    bound bigint,
    gap_millionths integer,
    answered_at timestamptz,
    presented integer,
    adopted_at timestamptz,
    discarded_at timestamptz,
    CHECK (value <= bound),
    CHECK ((answered_at IS NULL) = (answer_hash IS NULL)),
    CHECK ((value IS NULL) = (bound IS NULL) AND (value IS NULL) = (ended IS NULL)),
    CHECK (status NOT IN ('planned', 'adopted') OR value IS NOT NULL),
    CHECK ((status = 'failed') <= (outcome IS NOT NULL)),
    CHECK ((status = 'adopted') = (adopted_at IS NOT NULL) AND (status = 'adopted') = (presented IS NOT NULL)),
    CHECK ((status = 'discarded') = (discarded_at IS NOT NULL))
);
CREATE INDEX round_asked ON round (asked_at, round_id) WHERE status = 'asked';

-- Settings, inputs and answer in full, as JSON of codes and numbers; the journal references them by hash.
CREATE TABLE round_papers (
    round_id uuid PRIMARY KEY REFERENCES round DEFERRABLE INITIALLY DEFERRED,
    settings text NOT NULL,
    world text,
    answer text
);

-- Leases of planners; not rebuilt from facts. If a planner dies, its lease expires and another one plans; `times` is the
-- number of attempts.
CREATE TABLE round_lease (
    round_id uuid PRIMARY KEY,
    holder uuid NOT NULL,
    until timestamptz NOT NULL,
    times integer NOT NULL
);

CALL wall_in('round', 'oversees(caller_role())');
CALL wall_in('round_papers', 'oversees(caller_role())');
CALL wall_in('round_lease', 'false');

-- -- readings of texts ------------------------------------------------------------------------------------------------

-- Readings of the texts of lines and offerings: a cache, deleted with the texts, since tokens and vectors reveal them.
CREATE TABLE reading (
    about_id uuid PRIMARY KEY,
    -- For a line; null for an offering.
    request_id uuid,
    texts_hash text NOT NULL,
    language text,
    tokens text[] NOT NULL,
    model text,
    model_version text,
    vector bytea,
    read_at timestamptz NOT NULL,
    CHECK ((vector IS NULL) = (model IS NULL) AND (vector IS NULL) = (model_version IS NULL))
);
CREATE INDEX reading_request ON reading (request_id) WHERE request_id IS NOT NULL;

-- The queue of texts to read: a request, with all its lines, or an offering.
CREATE TABLE to_read (
    about_id uuid PRIMARY KEY,
    about text NOT NULL CHECK (about IN ('request', 'offering')),
    texts_hash text,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- The reason for no more attempts.
    parked text,
    -- Requeued by an operator.
    again boolean NOT NULL DEFAULT false
);
CREATE INDEX to_read_due ON to_read (due_at) WHERE parked IS NULL;

-- Only for the service itself.
CALL wall_in('reading', 'false');
CALL wall_in('to_read', 'false');

-- -- changes of offerings ---------------------------------------------------------------------------------------------

-- Each process applies them to its in-memory index. Rows are deleted after some minutes.
CREATE TABLE offering_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    offering_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX offering_change_at ON offering_change (changed_at);

-- By triggers, so that no change is missed.
CREATE FUNCTION note_offering_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offering_change (offering_id) VALUES (coalesce(NEW.offering_id, OLD.offering_id));
    RETURN NULL;
END $$;
CREATE TRIGGER offering_changed AFTER INSERT OR UPDATE ON offering
FOR EACH ROW EXECUTE FUNCTION note_offering_change();
CREATE TRIGGER capacity_changed AFTER INSERT OR UPDATE OR DELETE ON capacity
FOR EACH ROW EXECUTE FUNCTION note_offering_change();

-- The index also holds vectors, so a new or deleted reading is a change of its offering.
CREATE FUNCTION note_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offering_change (offering_id) VALUES (coalesce(NEW.about_id, OLD.about_id));
    RETURN NULL;
END $$;
CREATE TRIGGER reading_changed AFTER INSERT OR UPDATE ON reading
FOR EACH ROW WHEN (NEW.request_id IS NULL) EXECUTE FUNCTION note_reading_change();
CREATE TRIGGER reading_dropped AFTER DELETE ON reading
FOR EACH ROW WHEN (OLD.request_id IS NULL) EXECUTE FUNCTION note_reading_change();

-- Ids only; all callers who change an offering insert rows.
CALL wall_in('offering_change', 'is_named()');
