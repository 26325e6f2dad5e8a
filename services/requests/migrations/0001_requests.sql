CREATE TABLE request (
    request_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    status text NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'registered', 'open', 'in_delivery',
        'delivered', 'closed', 'on_hold', 'not_accepted', 'lapsed', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    visibility text NOT NULL CHECK (visibility IN ('private', 'named', 'providers', 'public_summary')),
    addressee text NOT NULL CHECK (addressee IN ('any', 'unodc', 'states')),
    addressed_states text[] NOT NULL,
    circulation_rule text NOT NULL CHECK (circulation_rule IN ('none', 'granted', 'silence')),
    circulation text NOT NULL CHECK (circulation IN ('none', 'window_running', 'granted', 'objected')),
    window_ends_at timestamptz,
    restricted boolean NOT NULL,
    texts_hash text NOT NULL,
    drafted_at timestamptz NOT NULL,
    submitted_at timestamptz,
    registered_at timestamptz,
    reference text UNIQUE,
    priority text,
    held_from text,
    -- Since when the State has been asked for something, and how often it was reminded.
    waiting_since timestamptz,
    reminders smallint NOT NULL DEFAULT 0 CHECK (reminders BETWEEN 0 AND 2),
    outcome text CHECK (outcome IN ('met', 'partially_met', 'unmet')),
    -- Silence is no consent where somebody's safety is at stake.
    CHECK (NOT (restricted AND circulation = 'window_running')),
    CHECK ((circulation = 'window_running') = (window_ends_at IS NOT NULL)),
    CHECK (status = 'draft' OR submitted_at IS NOT NULL OR status = 'withdrawn'),
    CHECK ((status = 'on_hold') = (held_from IS NOT NULL)),
    CHECK ((status IN ('returned', 'on_hold')) = (waiting_since IS NOT NULL)),
    CHECK ((status = 'closed') <= (outcome IS NOT NULL))
);
CREATE INDEX request_of_state ON request (state, request_id);
CREATE INDEX request_status ON request (status, request_id);
CREATE INDEX request_waiting ON request (waiting_since) WHERE waiting_since IS NOT NULL;
CREATE INDEX request_window ON request (window_ends_at) WHERE circulation = 'window_running';

CREATE TABLE request_line (
    line_id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    position integer NOT NULL,
    kind text NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    pillars text[] NOT NULL,
    institution text NOT NULL,
    group_size integer NOT NULL CHECK (group_size > 0),
    languages text[] NOT NULL,
    modality text NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    gender_marker smallint NOT NULL CHECK (gender_marker BETWEEN 0 AND 2),
    human_rights_marker smallint NOT NULL CHECK (human_rights_marker BETWEEN 0 AND 2),
    fulfilment text NOT NULL CHECK (fulfilment IN ('none', 'partial', 'complete')),
    UNIQUE (request_id, position) DEFERRABLE INITIALLY DEFERRED
);

-- What has become of each match that was ever confirmed for a line; its fulfilment is derived from these.
CREATE TABLE line_match (
    match_id uuid PRIMARY KEY,
    line_id uuid NOT NULL REFERENCES request_line,
    request_id uuid NOT NULL REFERENCES request,
    status text NOT NULL CHECK (status IN ('confirmed', 'in_delivery', 'completed', 'revoked'))
);
CREATE INDEX line_match_request ON line_match (request_id);

CREATE TABLE consent (
    consent_id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE INDEX consent_request ON consent (request_id);

-- Words, kept apart so that they can be erased; the journal names them by a salted hash. Deferred, because the tables
-- above are rebuilt from the journal beneath them.
CREATE TABLE request_text (
    request_id uuid PRIMARY KEY REFERENCES request DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL,
    need text NOT NULL
);
CREATE TABLE line_text (
    line_id uuid PRIMARY KEY REFERENCES request_line DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL REFERENCES request DEFERRABLE INITIALLY DEFERRED,
    institution_name text NOT NULL,
    outcome text NOT NULL,
    in_place text NOT NULL,
    markers_justification text NOT NULL
);
CREATE INDEX line_text_request ON line_text (request_id);
CREATE TABLE remark (
    request_id uuid NOT NULL REFERENCES request DEFERRABLE INITIALLY DEFERRED,
    revision integer NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (request_id, revision)
);

CREATE SEQUENCE reference_number;

-- Who may see a request at all; policy.py says the same in Python, and a test holds the two together.
CREATE FUNCTION may_see(r request, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN role IN ('focal_point', 'official') THEN r.state = organization
    WHEN role IN ('coordinator', 'auditor', 'service') THEN r.status <> 'draft' AND r.submitted_at IS NOT NULL
    WHEN role IN ('provider_officer', 'donor_officer') THEN
        r.status IN ('open', 'in_delivery', 'delivered') AND r.circulation = 'granted' AND (
            r.visibility IN ('providers', 'public_summary')
            OR (r.visibility = 'named' AND (
                organization = ANY (r.addressed_states) OR (r.addressee = 'unodc' AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-'))))))
    ELSE false
END;
