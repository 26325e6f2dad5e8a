CREATE TABLE offering (
    offering_id uuid PRIMARY KEY,
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'available', 'suspended', 'lapsed',
        'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    kinds text[] NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    pillars text[] NOT NULL,
    languages text[] NOT NULL,
    interpretation text[] NOT NULL,
    modalities text[] NOT NULL,
    eligible_states text[] NOT NULL,
    eligible_regions text[] NOT NULL,
    excluded_states text[] NOT NULL,
    valid_from date NOT NULL,
    valid_until date NOT NULL CHECK (valid_until >= valid_from),
    group_size_max integer CHECK (group_size_max > 0),
    resource_status text NOT NULL CHECK (resource_status IN ('funded', 'partly', 'unfunded')),
    funding_minor bigint CHECK (funding_minor > 0),
    funding_currency text,
    curriculum text[] NOT NULL,
    texts_hash text NOT NULL,
    drafted_at timestamptz NOT NULL,
    submitted_at timestamptz,
    available_since timestamptz,
    reconfirmed_at timestamptz,
    reason text,
    CHECK ((status = 'available') = (available_since IS NOT NULL)),
    CHECK (status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL),
    CHECK ((resource_status = 'funded') = (funding_minor IS NULL)),
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL))
);
CREATE INDEX offering_of_provider ON offering (provider, offering_id);
-- What the search for candidates starts from.
CREATE INDEX offering_available_kinds ON offering USING gin (kinds) WHERE status = 'available';
CREATE INDEX offering_validity ON offering (valid_until) WHERE status IN ('submitted', 'returned', 'available', 'suspended');
CREATE INDEX offering_available_since ON offering (available_since) WHERE status = 'available';

-- The counter is born with the offering: there is always a row to lock, and the CHECK holds if the code is wrong.
CREATE TABLE capacity (
    offering_id uuid NOT NULL REFERENCES offering,
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    units integer NOT NULL,
    taken integer NOT NULL DEFAULT 0,
    PRIMARY KEY (offering_id, starts),
    CHECK (taken BETWEEN 0 AND units)
);

-- Words, kept apart so that they can be erased; the journal names them by a salted hash.
CREATE TABLE offering_text (
    offering_id uuid PRIMARY KEY REFERENCES offering DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    summary text NOT NULL
);

-- What the requests service told of each request that was submitted.
CREATE TABLE wanted_request (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    status text NOT NULL CHECK (status IN ('submitted', 'returned', 'registered', 'open', 'in_delivery', 'delivered',
        'closed', 'on_hold', 'not_accepted', 'lapsed', 'withdrawn')),
    held_from text,
    addressee text NOT NULL,
    addressed_states text[] NOT NULL,
    visibility text NOT NULL,
    circulation text NOT NULL,
    restricted boolean NOT NULL
);
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
    fulfilment text NOT NULL CHECK (fulfilment IN ('none', 'partial', 'complete'))
);
CREATE INDEX wanted_line_request ON wanted_line (request_id);
CREATE INDEX wanted_line_kind ON wanted_line (kind, ends) WHERE fulfilment <> 'complete';

CREATE TABLE match (
    match_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    offering_id uuid NOT NULL REFERENCES offering,
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
    offering_revision integer NOT NULL,
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
    ended_at timestamptz,
    reason text,
    -- A line and an offering have one match between them: what would make a second one is refused.
    UNIQUE (line_id, offering_id),
    CHECK (state <> provider),
    CHECK (departs = (departure IS NOT NULL)),
    CHECK ((status IN ('confirmed', 'in_delivery', 'completed', 'revoked')) = (confirmed_at IS NOT NULL)),
    CHECK ((confirmed_at IS NULL) = (capacity_from IS NULL) AND (capacity_from IS NULL) = (capacity_until IS NULL)),
    CHECK (confirmed_at IS NULL OR (accepted_at IS NOT NULL AND provider_confirmed_at IS NOT NULL)),
    CHECK ((status IN ('declined_by_state', 'declined_by_provider', 'not_pursued', 'revoked')) = (reason IS NOT NULL)),
    CHECK ((funding_minor IS NULL) = (funding_currency IS NULL))
);
CREATE INDEX match_of_request ON match (request_id);
CREATE INDEX match_of_line ON match (line_id DESC, score DESC, offering_id);
CREATE INDEX match_not_confirmed ON match (offering_id) WHERE status IN ('suggested', 'nominated', 'interested',
    'shortlisted', 'presented', 'accepted', 'provider_confirmed');
CREATE INDEX match_of_state ON match (state, line_id DESC) WHERE presented_at IS NOT NULL;
CREATE INDEX match_of_provider ON match (provider, line_id DESC);

-- What somebody wrote beside a move of an offering or a match.
CREATE TABLE remark (
    about_id uuid NOT NULL,
    revision integer NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (about_id, revision)
);

-- Who may see an offering or a match at all; policy.py says the same in Python, and a test holds the two together.
CREATE FUNCTION may_see(o offering, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service') OR o.provider = organization OR o.status = 'available';

CREATE FUNCTION may_see(m match, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('coordinator', 'auditor', 'service') THEN true
    WHEN role IN ('focal_point', 'official') THEN m.state = organization AND m.presented_at IS NOT NULL
    WHEN role = 'provider_officer' THEN
        m.provider = organization AND (m.presented_at IS NOT NULL OR m.interested_at IS NOT NULL)
    ELSE false
END;

-- offering.py says the same in Python, and a test holds the two together.
CREATE FUNCTION shown_status(o offering, today date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN o.status = 'available' AND NOT EXISTS (
        SELECT FROM capacity c WHERE c.offering_id = o.offering_id AND c.ends >= today AND c.taken < c.units)
    THEN 'fully_reserved' ELSE o.status
END;
