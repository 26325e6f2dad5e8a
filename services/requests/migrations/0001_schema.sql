-- Words are in tables of their own (`*_text`, `remark`), so that they can be erased; the journal holds a salted hash of
-- them. Their foreign keys are deferred, because the tables that the journal can make again are rebuilt beneath them.
--
-- Every row that belongs to a request says whose it is, and by its foreign key cannot say otherwise than the request: the
-- own State's rows are found without a look at the request, which may be one that the same statement writes.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');

CREATE FUNCTION is_outside(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('provider_officer', 'donor_officer');

CREATE FUNCTION is_own(state text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() IN ('focal_point', 'official') AND state = caller_organization();

-- Who may write what a request consists of, all but its words, which are the State's alone: whoever sees a row must not
-- therefore be able to write it.
CREATE FUNCTION may_move(state text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() = 'coordinator' OR is_own(state);

-- Words are the State's, but of a request that a coordinator files on its behalf.
CREATE FUNCTION may_write_words(state text, on_behalf boolean) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN is_own(state) OR (on_behalf AND caller_role() = 'coordinator');

-- The most urgent first; a request before triage has no priority yet.
CREATE FUNCTION rank(priority text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 WHEN 'low' THEN 4 ELSE 3 END;

-- -- requests and their lines -----------------------------------------------------------------------------------------

CREATE TABLE request (
    request_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    status text NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'registered', 'open', 'in_delivery',
        'delivered', 'closed', 'on_hold', 'not_accepted', 'lapsed', 'withdrawn')),
    held_from text,
    revision integer NOT NULL CHECK (revision > 0),
    reference text UNIQUE,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    texts_hash text NOT NULL,
    visibility text NOT NULL CHECK (visibility IN ('private', 'named', 'providers', 'public_summary')),
    addressee text NOT NULL CHECK (addressee IN ('any', 'unodc', 'states')),
    addressed_states text[] NOT NULL,
    circulation_rule text NOT NULL CHECK (circulation_rule IN ('none', 'granted', 'silence')),
    circulation text NOT NULL CHECK (circulation IN ('none', 'window_running', 'granted', 'objected')),
    window_ends_at timestamptz,
    restricted boolean NOT NULL,
    priority text,
    -- By which version of the criteria it was judged, and what follows from them.
    criteria_version integer,
    eligible boolean,
    assessed_priority text,
    -- The coordinator in charge.
    assignee uuid,
    drafted_at timestamptz NOT NULL,
    submitted_at timestamptz,
    registered_at timestamptz,
    -- Since when the State has been asked for something, and how often it was reminded.
    waiting_since timestamptz,
    reminders smallint NOT NULL CHECK (reminders BETWEEN 0 AND 2),
    outcome text CHECK (outcome IN ('met', 'partially_met', 'unmet')),
    -- What a list shows of the lines: to read them there would be to ask row-level security about each.
    kinds text[] NOT NULL,
    fulfilment text NOT NULL CHECK (fulfilment IN ('none', 'partial', 'covered', 'complete')),
    -- How a request that UNODC filed on the State's behalf reached it, and the scan of its confirmation, if recorded.
    channel text CHECK (channel IN ('note_verbale', 'mail', 'meeting')),
    received_on date,
    confirmation_scan_id uuid,
    on_behalf boolean NOT NULL,
    UNIQUE (request_id, state),
    UNIQUE (request_id, state, on_behalf),
    CHECK (on_behalf = (channel IS NOT NULL)),
    CHECK ((channel IS NULL) = (received_on IS NULL)),
    CHECK (confirmation_scan_id IS NULL OR on_behalf),
    CHECK ((submitted_at IS NULL) = (reference IS NULL)),
    CHECK (num_nonnulls(criteria_version, eligible, assessed_priority) IN (0, 3)),
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
CREATE INDEX request_assignee ON request (assignee) WHERE assignee IS NOT NULL;
CREATE INDEX request_window ON request (window_ends_at) WHERE circulation = 'window_running';

CREATE TABLE request_line (
    line_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    position integer NOT NULL,
    -- A line of a draft may lack its kind, institution, group size, languages, modality and window.
    kind text,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    pillars text[] NOT NULL,
    institution text,
    group_size integer CHECK (group_size > 0),
    languages text[] NOT NULL,
    modality text,
    starts date,
    ends date CHECK (ends >= starts),
    -- Whether it is served only by what is funded already.
    cannot_wait boolean NOT NULL,
    -- What exists already, in codes and days: source, kind, period. Its texts are in line_text, in the same order.
    measures jsonb NOT NULL CHECK (jsonb_typeof(measures) = 'array'),
    gender_marker smallint NOT NULL CHECK (gender_marker BETWEEN 0 AND 2),
    human_rights_marker smallint NOT NULL CHECK (human_rights_marker BETWEEN 0 AND 2),
    fulfilment text NOT NULL CHECK (fulfilment IN ('none', 'partial', 'covered', 'complete')),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state),
    UNIQUE (request_id, position) DEFERRABLE INITIALLY DEFERRED
);

-- What has become of each match that was ever confirmed for a line; its fulfilment is derived from these.
CREATE TABLE line_match (
    match_id uuid PRIMARY KEY,
    line_id uuid NOT NULL REFERENCES request_line,
    request_id uuid NOT NULL,
    state text NOT NULL,
    -- Who delivers: that provider, and no other, learns whom to turn to.
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('confirmed', 'in_delivery', 'completed', 'revoked')),
    agreed_at timestamptz NOT NULL,
    -- How many persons of the line's group it serves; null for all.
    covers integer CHECK (covers > 0),
    -- What each side has said of the delivery, by which a request is closed.
    state_result text CHECK (state_result IN ('met', 'partially_met', 'unmet')),
    provider_result text CHECK (provider_result IN ('met', 'partially_met', 'unmet')),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
CREATE INDEX line_match_request ON line_match (request_id);

-- By whom a State does not wish to be served. Apart from the request, so that a provider who sees the request finds no
-- other provider here.
CREATE TABLE excluded_provider (
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    PRIMARY KEY (request_id, provider),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);

CREATE TABLE request_text (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    salt bytea NOT NULL,
    title text NOT NULL,
    need text NOT NULL,
    on_behalf boolean NOT NULL,
    FOREIGN KEY (request_id, state, on_behalf) REFERENCES request (request_id, state, on_behalf)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE line_text (
    line_id uuid PRIMARY KEY REFERENCES request_line DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    institution_name text NOT NULL,
    outcome text NOT NULL,
    in_place text NOT NULL,
    markers_justification text NOT NULL,
    measures jsonb NOT NULL CHECK (jsonb_typeof(measures) = 'array'),
    on_behalf boolean NOT NULL,
    FOREIGN KEY (request_id, state, on_behalf) REFERENCES request (request_id, state, on_behalf)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX line_text_request ON line_text (request_id);
-- The reference of the note, mail or meeting by which a request came that UNODC filed on the State's behalf.
CREATE TABLE received_text (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    reference text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
-- What is written beside a move.
CREATE TABLE remark (
    request_id uuid NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (request_id, revision),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);

-- Why the outcome departs from the State's evaluations; those who completed a delivery read it, too.
CREATE TABLE closing_text (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    salt bytea NOT NULL,
    departure text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);

-- -- clocks -----------------------------------------------------------------------------------------------------------

-- Which side has to act, since when and until when: of the request, or of one of its matches. `next_at` is when the next
-- reminder or the end of its time is due. A list of work reads the clocks that have not stopped, by when they are due, when
-- they began, or by the request's priority, which is therefore here too.
CREATE TABLE clock (
    clock_id uuid PRIMARY KEY,
    step text NOT NULL CHECK (step IN ('confirm_filing', 'acknowledge', 'triage', 'propose', 'state_answer',
        'state_decision', 'provider_answer', 'delivery', 'confirm_completion', 'close', 'follow_up')),
    request_id uuid NOT NULL,
    match_id uuid,
    line_id uuid,
    state text NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    remind_at timestamptz,
    next_at timestamptz,
    paused_at timestamptz,
    reminded_at timestamptz,
    overdue_at timestamptz,
    stopped_at timestamptz,
    revision integer NOT NULL CHECK (revision > 0),
    priority text,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state),
    CHECK (num_nonnulls(match_id, line_id) IN (0, 2)),
    CHECK (next_at IS NULL OR num_nonnulls(paused_at, overdue_at, stopped_at) = 0)
);
-- One clock of each step runs for a request and for a match.
CREATE UNIQUE INDEX clock_running ON clock (request_id, step, coalesce(match_id, request_id)) WHERE stopped_at IS NULL;
CREATE INDEX clock_request ON clock (request_id);
CREATE INDEX clock_next ON clock (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX clock_due ON clock (organization, due_at, clock_id) WHERE stopped_at IS NULL;
CREATE INDEX clock_since ON clock (organization, since, clock_id) WHERE stopped_at IS NULL;
CREATE INDEX clock_priority ON clock (organization, rank(priority), due_at, clock_id) WHERE stopped_at IS NULL;
CREATE INDEX clock_state ON clock (state, due_at, clock_id) WHERE stopped_at IS NULL;

-- The holidays of the United Nations, by year.
CREATE TABLE calendar (
    year smallint PRIMARY KEY,
    holidays date[] NOT NULL,
    revision integer NOT NULL CHECK (revision > 0)
);

-- -- saved views ------------------------------------------------------------------------------------------------------

-- Queries of the list of work that people keep, with a name.
CREATE TABLE saved_view (
    view_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    name text NOT NULL,
    shared boolean NOT NULL,
    query json NOT NULL,
    created_at timestamptz NOT NULL,
    revision integer NOT NULL CHECK (revision > 0)
);
CREATE INDEX saved_view_of_person ON saved_view (person_id);
CREATE INDEX saved_view_of_organization ON saved_view (organization, view_id);

-- -- observations -----------------------------------------------------------------------------------------------------

-- What a review of the Convention's implementation observed, as the State entered it for itself.
CREATE TABLE observation (
    observation_id uuid PRIMARY KEY,
    state text NOT NULL,
    article text NOT NULL,
    cluster text,
    language text NOT NULL,
    text text NOT NULL,
    entered_at timestamptz NOT NULL,
    revision integer NOT NULL CHECK (revision > 0)
);
CREATE INDEX observation_of_state ON observation (state, observation_id);

-- -- criteria ---------------------------------------------------------------------------------------------------------

-- The criteria for eligibility and priority, in versions.
CREATE TABLE criteria (
    version integer PRIMARY KEY CHECK (version > 0),
    eligibility text[] NOT NULL,
    priority json NOT NULL,
    texts_hash text NOT NULL,
    published_at timestamptz NOT NULL
);
CREATE TABLE criterion_text (
    version integer NOT NULL REFERENCES criteria DEFERRABLE INITIALLY DEFERRED,
    code text NOT NULL,
    language text NOT NULL,
    salt bytea NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (version, code, language)
);

-- -- attached files ---------------------------------------------------------------------------------------------------

-- The contents are outside the database, under the attachment's id. A file belongs to what the State asks, or it is the
-- scan of a note verbale that a consent was recorded by.
CREATE TABLE attachment (
    attachment_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('request', 'note_verbale')),
    status text NOT NULL CHECK (status IN ('pending', 'clean', 'unscanned', 'infected', 'removed')),
    revision integer NOT NULL CHECK (revision > 0),
    format text NOT NULL CHECK (format IN ('pdf', 'docx', 'png', 'jpeg')),
    size_bytes integer NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
    content_hash text NOT NULL,
    added_at timestamptz NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
CREATE INDEX attachment_request ON attachment (request_id, attachment_id);
CREATE INDEX attachment_pending ON attachment (attachment_id) WHERE status = 'pending';

-- The file's name, and the salt of its content's hash; erased with the file.
CREATE TABLE attachment_text (
    attachment_id uuid PRIMARY KEY REFERENCES attachment DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    salt bytea NOT NULL,
    name text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX attachment_text_request ON attachment_text (request_id);

-- -- translations -----------------------------------------------------------------------------------------------------

-- One per language, beside the texts of the request; stale when `source_hash` is not the request's `texts_hash`.
CREATE TABLE translation (
    translation_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    status text NOT NULL CHECK (status IN ('current', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    made_by text NOT NULL CHECK (made_by IN ('state', 'unodc', 'machine')),
    source_language text NOT NULL CHECK (source_language <> language),
    source_hash text NOT NULL,
    texts_hash text NOT NULL,
    made_at timestamptz NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
CREATE UNIQUE INDEX translation_language ON translation (request_id, language) WHERE status = 'current';

CREATE TABLE translation_text (
    translation_id uuid PRIMARY KEY REFERENCES translation DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    salt bytea NOT NULL,
    title text NOT NULL,
    need text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE translated_line_text (
    translation_id uuid NOT NULL REFERENCES translation DEFERRABLE INITIALLY DEFERRED,
    line_id uuid NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL,
    institution_name text NOT NULL,
    outcome text NOT NULL,
    in_place text NOT NULL,
    markers_justification text NOT NULL,
    PRIMARY KEY (translation_id, line_id),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX translated_line_text_request ON translated_line_text (request_id);

-- -- public summaries -------------------------------------------------------------------------------------------------

-- A text of its own, never cut from the request: the only one that the public sees.
CREATE TABLE public_summary (
    public_summary_id uuid PRIMARY KEY,
    request_id uuid NOT NULL UNIQUE,
    state text NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    approved_at timestamptz,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
-- The summary in each language: as drafted, and as the State's focal point approved it.
CREATE TABLE public_summary_version (
    public_summary_id uuid NOT NULL REFERENCES public_summary,
    request_id uuid NOT NULL,
    state text NOT NULL,
    edition text NOT NULL CHECK (edition IN ('draft', 'approved')),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    made_by text NOT NULL CHECK (made_by IN ('state', 'unodc', 'machine')),
    source_language text NOT NULL,
    source_hash text NOT NULL,
    texts_hash text NOT NULL,
    PRIMARY KEY (public_summary_id, edition, language),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
-- Each text once, though both editions may have it.
CREATE TABLE public_summary_text (
    public_summary_id uuid NOT NULL REFERENCES public_summary DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    texts_hash text NOT NULL,
    salt bytea NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (public_summary_id, texts_hash),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);

-- -- consents ---------------------------------------------------------------------------------------------------------

-- A consent names its recipients, the fields it gives and its period.
CREATE TABLE consent (
    consent_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    recipients text[] NOT NULL,
    fields text[] NOT NULL CHECK (fields <@ ARRAY['codes', 'words', 'institution']),
    starts_at timestamptz,
    ends_at timestamptz CHECK (ends_at > coalesce(starts_at, given_at)),
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    ended_at timestamptz,
    -- A coordinator wrote it down: its note verbale is in consent_text, the scan of that an attachment.
    recorded boolean NOT NULL,
    scan_id uuid REFERENCES attachment DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
CREATE INDEX consent_request ON consent (request_id);
CREATE INDEX consent_ends_at ON consent (ends_at) WHERE ends_at IS NOT NULL AND withdrawn_at IS NULL AND ended_at IS NULL;
CREATE INDEX consent_scan ON consent (scan_id) WHERE scan_id IS NOT NULL;

-- What `consent_store.changed_after` reads: without it each reading would scan all other facts since the last.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX journal_consents ON journal (written_by, position) WHERE type IN ('requests.request.submitted.v1',
    'requests.request.revised.v1', 'requests.request.circulation-decided.v1', 'requests.request.consent-given.v1',
    'requests.request.consent-recorded.v1', 'requests.request.consent-withdrawn.v1', 'requests.request.consent-ended.v1');

-- The note verbale that a recorded consent came by.
CREATE TABLE consent_text (
    consent_id uuid PRIMARY KEY REFERENCES consent DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    note_verbale text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX consent_text_request ON consent_text (request_id);

-- -- mails that came in -----------------------------------------------------------------------------------------------

-- Of known persons only. A new one is in the triage box, an added one answers a notice and is a message on its request.
-- Rows are written by the service itself; a coordinator files or discards them.
CREATE TABLE mail (
    mail_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('new', 'filed', 'discarded', 'added')),
    revision integer NOT NULL CHECK (revision > 0),
    person_id uuid NOT NULL,
    -- Whose person the sender is.
    organization text NOT NULL,
    received_at timestamptz NOT NULL,
    size_bytes integer NOT NULL CHECK (size_bytes BETWEEN 1 AND 26214400),
    texts_hash text NOT NULL,
    -- What our own mail edge found out about the sender's address.
    spf text NOT NULL,
    dkim text NOT NULL,
    -- The request that it was filed as, or added to.
    request_id uuid REFERENCES request,
    match_id uuid,
    reason text,
    CHECK ((status IN ('filed', 'added')) = (request_id IS NOT NULL)),
    CHECK ((status = 'discarded') = (reason IS NOT NULL)),
    CHECK (match_id IS NULL OR status = 'added')
);
CREATE INDEX mail_status ON mail (status, mail_id);
CREATE INDEX mail_organization ON mail (organization, mail_id);
CREATE INDEX mail_request ON mail (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX mail_person ON mail (person_id);

-- The contents are outside the database, under the file's id.
CREATE TABLE mail_file (
    file_id uuid PRIMARY KEY,
    mail_id uuid NOT NULL REFERENCES mail,
    position smallint NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'clean', 'unscanned', 'infected')),
    format text NOT NULL CHECK (format IN ('pdf', 'docx', 'png', 'jpeg', 'other')),
    size_bytes integer NOT NULL CHECK (size_bytes BETWEEN 0 AND 26214400),
    content_hash text NOT NULL,
    UNIQUE (mail_id, position)
);
CREATE INDEX mail_file_pending ON mail_file (file_id) WHERE status = 'pending';

-- `digest` is the SHA-256 of what the mail says, with its Message-ID: a mail that is sent again is taken in once.
CREATE TABLE mail_text (
    mail_id uuid PRIMARY KEY REFERENCES mail DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    sender text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    message_id text NOT NULL,
    digest bytea NOT NULL UNIQUE
);
-- A file without this row is deleted.
CREATE TABLE mail_file_text (
    file_id uuid PRIMARY KEY REFERENCES mail_file DEFERRABLE INITIALLY DEFERRED,
    mail_id uuid NOT NULL REFERENCES mail DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL
);
CREATE INDEX mail_file_text_mail ON mail_file_text (mail_id);

-- To whom one automatic answer is owed or was sent, for a day.
CREATE TABLE mail_answer (
    address text PRIMARY KEY,
    in_reply_to text NOT NULL,
    -- The sender, if known.
    person_id uuid,
    owed_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    sent_at timestamptz
);
CREATE INDEX mail_answer_owed_at ON mail_answer (owed_at);

-- The triage box is UNODC's; a message is also its sender's organization's. policy.py says the same in Python.
CREATE FUNCTION sees_mail(status text, of_organization text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN oversees(role)
    OR (status = 'added' AND role IN ('focal_point', 'official') AND of_organization = organization);

-- -- who sees what ----------------------------------------------------------------------------------------------------

-- Whether an organization is among the recipients; contracts/consents.py says the same in Python.
CREATE FUNCTION names(recipients text[], organization text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'providers' = ANY (recipients) OR organization = ANY (recipients)
    OR ('unodc_units' = ANY (recipients) AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

CREATE FUNCTION in_force(
    starts_at timestamptz, ends_at timestamptz, withdrawn_at timestamptz, ended_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN withdrawn_at IS NULL AND ended_at IS NULL
    AND (starts_at IS NULL OR starts_at <= now()) AND (ends_at IS NULL OR now() < ends_at);

-- Whether the State's last word on an organization is that it withdrew a consent, and none in force gives the words. To
-- UNODC's units, which need no consent, an agreement after that is its last word. contracts/consents.py says the same.
CREATE FUNCTION is_withdrawn_from(of_request uuid, organization text, agreed_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce((
    SELECT c.withdrawn_at IS NOT NULL
        AND NOT ((organization = 'UNODC' OR starts_with(organization, 'UNODC-')) AND agreed_at > c.withdrawn_at)
    FROM consent AS c WHERE c.request_id = of_request AND names(c.recipients, organization)
    ORDER BY coalesce(c.withdrawn_at, c.given_at) DESC, c.withdrawn_at IS NOT NULL DESC LIMIT 1), false)
    AND NOT EXISTS (SELECT FROM consent AS c WHERE c.request_id = of_request AND names(c.recipients, organization)
        AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at) AND 'words' = ANY (c.fields));

-- Whether a match shows its provider the line that it serves.
CREATE FUNCTION opens(of_request uuid, of_provider text, status text, agreed_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN status IN ('confirmed', 'in_delivery', 'completed')
  AND NOT is_withdrawn_from(of_request, of_provider, agreed_at);

-- UNODC also sees the draft that it filed on the State's behalf.
CREATE FUNCTION is_known_to_unodc(status text, submitted_at timestamptz, channel text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (status <> 'draft' AND submitted_at IS NOT NULL) OR channel IS NOT NULL;

CREATE FUNCTION circulates(circulation text, status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN circulation = 'granted' AND status IN ('open', 'in_delivery', 'delivered');

-- Whether everybody reads the approved summary; policy.py says the same in Python, and a test compares them.
CREATE FUNCTION is_public(
    approved_at timestamptz, visibility text, restricted boolean, circulation text, status text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN approved_at IS NOT NULL AND visibility = 'public_summary' AND NOT restricted AND circulates(circulation, status);

-- What somebody sees of a request beside its codes; no row where it does not exist for them. `words` and `institution` are
-- null where no consent shows the request, and only lines of it are served by whom the State has agreed with. Whom the
-- State excludes is shown nothing, neither by a consent for every provider nor by one that names it: else it would read the
-- request, find that its offering does not fit, and know why. policy.py says the same in Python; a test compares them, and
-- the policy on `request` with them.
--
-- Asked in FROM, by every read: a function with a query in it is carried out anew for each row unless it stands there,
-- where the planner takes it apart. Neither it nor the policies say EXISTS, which the planner would plan twice and, for a
-- list, may answer by reading the whole table.
CREATE FUNCTION seen(id uuid, of_state text, of_status text, of_circulation text, first_submitted_at timestamptz,
    of_channel text, organization text, role text) RETURNS TABLE (words boolean, institution boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT NOT is_outside(role) OR given.words, NOT is_outside(role) OR given.institution
    FROM (
        SELECT bool_or('words' = ANY (c.fields)) AS words, bool_or('institution' = ANY (c.fields)) AS institution
        FROM consent AS c
        WHERE is_outside(role) AND circulates(of_circulation, of_status) AND c.request_id = id
          AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at)
            AND names(c.recipients, organization)
    ) AS given
    WHERE CASE
        WHEN is_outside(role) THEN (given.words IS NOT NULL
                OR (role = 'provider_officer' AND of_status IN ('open', 'in_delivery', 'delivered', 'on_hold')
                    AND (SELECT true FROM line_match AS m
                         WHERE m.request_id = id AND m.provider = organization
                           AND opens(m.request_id, m.provider, m.status, m.agreed_at) LIMIT 1)))
            AND (SELECT true FROM excluded_provider AS e WHERE e.request_id = id AND e.provider = organization) IS NULL
        WHEN oversees(role) THEN is_known_to_unodc(of_status, first_submitted_at, of_channel)
        ELSE role IN ('focal_point', 'official') AND of_state = organization
    END;
END;

-- Whether a request is there for the caller, asked where the planner does not look into it: the policy on `request` asks
-- `excluded_provider` and `line_match`, whose policies may not ask back in the same statement.
CREATE FUNCTION is_there(of_request uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM request AS r WHERE r.request_id = of_request);

CREATE FUNCTION sees_words(of_request uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM request AS r, seen(r.request_id, r.state, r.status, r.circulation, r.submitted_at, r.channel,
        caller_organization(), caller_role()) AS s
    WHERE r.request_id = of_request AND s.words);

-- Whether some words of a request are seen: all, or those of the lines that the caller serves.
CREATE FUNCTION sees_some_words(of_request uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM request AS r, seen(r.request_id, r.state, r.status, r.circulation, r.submitted_at, r.channel,
        caller_organization(), caller_role()) AS s
    WHERE r.request_id = of_request AND (s.words
        OR (caller_role() = 'provider_officer' AND r.status IN ('open', 'in_delivery', 'delivered', 'on_hold')
            AND EXISTS (SELECT FROM line_match AS m WHERE m.request_id = r.request_id
                AND m.provider = caller_organization() AND opens(m.request_id, m.provider, m.status, m.agreed_at)))));

-- A file is seen as the words of its request are. The scan of a note verbale is between the State and UNODC.
CREATE FUNCTION sees_file(of_request uuid, purpose text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN (purpose = 'request' OR NOT is_outside(caller_role())) AND sees_words(of_request);

-- -- row-level security -----------------------------------------------------------------------------------------------

CALL wall_in('request', 'CASE
    WHEN is_outside(caller_role()) THEN (
            (circulates(circulation, status)
                AND (SELECT true FROM consent AS c WHERE c.request_id = request.request_id
                  AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at) LIMIT 1))
            OR (status IN (''open'', ''in_delivery'', ''delivered'', ''on_hold'')
                AND (SELECT true FROM line_match AS m WHERE m.request_id = request.request_id
                     AND m.provider = caller_organization()
                       AND opens(m.request_id, m.provider, m.status, m.agreed_at) LIMIT 1)))
        AND (SELECT true FROM excluded_provider AS e
             WHERE e.request_id = request.request_id AND e.provider = caller_organization()) IS NULL
    WHEN oversees(caller_role()) THEN is_known_to_unodc(status, submitted_at, channel)
    ELSE is_own(state)
END');
CALL wall_in('request_line', 'is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = request_line.request_id)');

-- The policy on `request` asks the next three, so that they do not ask it where the caller is outside: a provider finds its
-- own matches, its own exclusion, by which it is shown nothing, and the consents that name it.
CALL wall_in('line_match', 'CASE
    WHEN is_outside(caller_role()) THEN caller_role() = ''provider_officer'' AND provider = caller_organization()
    ELSE is_own(state) OR is_there(request_id)
END');
CALL wall_in('excluded_provider', 'CASE
    WHEN is_outside(caller_role()) THEN provider = caller_organization()
    ELSE is_own(state) OR is_there(request_id)
END');
CALL wall_in('consent', 'CASE
    WHEN is_outside(caller_role()) THEN names(recipients, caller_organization())
    ELSE oversees(caller_role()) OR is_own(state)
END');
CALL wall_in('consent_text', 'is_own(state) OR oversees(caller_role())');

-- A caller outside finds words where a consent in force that names it gives them, and those of a line that it serves. Each
-- policy names the request once: a second time would be planned a second time, with the policies in it.
CALL wall_in('request_text', 'is_own(state)
    OR ((SELECT true FROM request AS r WHERE r.request_id = request_text.request_id)
        AND (NOT is_outside(caller_role())
            OR (SELECT true FROM consent AS c WHERE c.request_id = request_text.request_id
                AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at)
                  AND ''words'' = ANY (c.fields) LIMIT 1)))');
CALL wall_in('line_text', 'is_own(state)
    OR ((SELECT true FROM request AS r WHERE r.request_id = line_text.request_id)
        AND (NOT is_outside(caller_role())
            OR (SELECT true FROM consent AS c WHERE c.request_id = line_text.request_id
                AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at)
                  AND c.fields && ARRAY[''words'', ''institution''] LIMIT 1)
            OR (SELECT true FROM line_match AS m WHERE m.line_id = line_text.line_id
                AND m.provider = caller_organization()
                  AND opens(m.request_id, m.provider, m.status, m.agreed_at) LIMIT 1)))');
-- A translation is seen as its source is: in whole by whom a consent gives the words, of a line by whom serves it.
CALL wall_in('translation', 'is_own(state)
    OR ((SELECT true FROM request AS r WHERE r.request_id = translation.request_id)
        AND (NOT is_outside(caller_role())
            OR (SELECT true FROM consent AS c WHERE c.request_id = translation.request_id
                AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at)
                  AND c.fields && ARRAY[''words'', ''institution''] LIMIT 1)
            OR (SELECT true FROM line_match AS m WHERE m.request_id = translation.request_id
                AND m.provider = caller_organization()
                  AND opens(m.request_id, m.provider, m.status, m.agreed_at) LIMIT 1)))');
CALL wall_in('translation_text', 'is_own(state)
    OR ((SELECT true FROM request AS r WHERE r.request_id = translation_text.request_id)
        AND (NOT is_outside(caller_role())
            OR (SELECT true FROM consent AS c WHERE c.request_id = translation_text.request_id
                AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at)
                  AND ''words'' = ANY (c.fields) LIMIT 1)))');
CALL wall_in('translated_line_text', 'is_own(state)
    OR ((SELECT true FROM request AS r WHERE r.request_id = translated_line_text.request_id)
        AND (NOT is_outside(caller_role())
            OR (SELECT true FROM consent AS c WHERE c.request_id = translated_line_text.request_id
                AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at)
                  AND c.fields && ARRAY[''words'', ''institution''] LIMIT 1)
            OR (SELECT true FROM line_match AS m WHERE m.line_id = translated_line_text.line_id
                AND m.provider = caller_organization()
                  AND opens(m.request_id, m.provider, m.status, m.agreed_at) LIMIT 1)))');
-- A summary is between the State and UNODC; the public reads what is approved as the service shows it.
CALL wall_in('public_summary', 'NOT is_outside(caller_role()) AND (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = public_summary.request_id))');
CALL wall_in('public_summary_version', 'NOT is_outside(caller_role()) AND (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = public_summary_version.request_id))');
CALL wall_in('public_summary_text', 'NOT is_outside(caller_role()) AND (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = public_summary_text.request_id))');
CALL wall_in('received_text', 'is_own(state) OR oversees(caller_role())');
-- What is written beside a move is between the State and UNODC.
CALL wall_in('remark', 'NOT is_outside(caller_role()) AND (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = remark.request_id))');
CALL wall_in('closing_text', 'CASE
    WHEN is_outside(caller_role()) THEN EXISTS (SELECT FROM line_match m
        WHERE m.request_id = closing_text.request_id AND m.status = ''completed'')
    ELSE is_own(state) OR (SELECT true FROM request AS r WHERE r.request_id = closing_text.request_id)
END');
-- A provider finds the clocks that it has to stop, of matches that are presented to it.
CALL wall_in('clock', 'CASE
    WHEN is_outside(caller_role()) THEN caller_role() = ''provider_officer'' AND organization = caller_organization()
    ELSE oversees(caller_role()) OR is_own(state)
END');
CALL wall_in('calendar', 'true');
CALL wall_in('observation', 'is_own(state)');
CALL wall_in('saved_view', 'organization = caller_organization() AND (shared OR person_id = caller_person())');
CALL wall_in('criteria', 'true');
CALL wall_in('criterion_text', 'true');
CALL wall_in('attachment', 'is_own(state) OR sees_file(request_id, purpose)');
CALL wall_in('attachment_text', 'is_own(state)
    OR (SELECT true FROM attachment AS a WHERE a.attachment_id = attachment_text.attachment_id)');

CALL wall_in('mail', 'sees_mail(status, organization, caller_organization(), caller_role())');
CALL wall_in('mail_file', '(SELECT true FROM mail AS m WHERE m.mail_id = mail_file.mail_id)');
CALL wall_in('mail_text', '(SELECT true FROM mail AS m WHERE m.mail_id = mail_text.mail_id)');
CALL wall_in('mail_file_text', '(SELECT true FROM mail AS m WHERE m.mail_id = mail_file_text.mail_id)');
CALL wall_in('mail_answer', 'false');

ALTER POLICY for_callers ON request WITH CHECK (may_move(state));
ALTER POLICY for_callers ON request_line WITH CHECK (may_move(state));
ALTER POLICY for_callers ON line_match WITH CHECK (may_move(state));
ALTER POLICY for_callers ON clock WITH CHECK (may_move(state));
ALTER POLICY for_callers ON calendar WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON saved_view WITH CHECK (person_id = caller_person());
ALTER POLICY for_callers ON criteria WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON criterion_text WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON consent WITH CHECK (may_move(state));
ALTER POLICY for_callers ON consent_text WITH CHECK (may_move(state));
ALTER POLICY for_callers ON remark WITH CHECK (may_move(state));
ALTER POLICY for_callers ON request_text WITH CHECK (may_write_words(state, on_behalf));
ALTER POLICY for_callers ON line_text WITH CHECK (may_write_words(state, on_behalf));
ALTER POLICY for_callers ON translation WITH CHECK (may_move(state));
ALTER POLICY for_callers ON translation_text WITH CHECK (may_move(state));
ALTER POLICY for_callers ON translated_line_text WITH CHECK (may_move(state));
ALTER POLICY for_callers ON public_summary WITH CHECK (may_move(state));
ALTER POLICY for_callers ON public_summary_version WITH CHECK (may_move(state));
ALTER POLICY for_callers ON public_summary_text WITH CHECK (may_move(state));
ALTER POLICY for_callers ON received_text WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON attachment
    WITH CHECK (CASE WHEN purpose = 'request' THEN is_own(state) ELSE caller_role() = 'coordinator' END);
ALTER POLICY for_callers ON attachment_text WITH CHECK (may_move(state));
ALTER POLICY for_callers ON mail WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON mail_file WITH CHECK (caller_role() = 'coordinator');
ALTER POLICY for_callers ON mail_text WITH CHECK (false);
ALTER POLICY for_callers ON mail_file_text WITH CHECK (false);
